"""MoisesDB: 240 songs with single tracks, grouped in stems; its data.json files are read directly."""

import json
from pathlib import Path

from stages.pipeline.errors import InputError
from stages.stems.datasets import Info, Recording, SourceFile, folders, listed

# The eleven stems of MoisesDB, as its authors' package groups them in four: percussion, some of it pitched, is other.
STEM_CLASSES = {
    "vocals": "vocals", "bass": "bass", "drums": "drums", "percussion": "other", "guitar": "other", "piano": "other",
    "other_keys": "other", "other_plucked": "other", "bowed_strings": "other", "wind": "other", "other": "other",
}  # fmt: skip
INFO = Info(
    title="MoisesDB: 240 songs with single tracks",
    licence="CC BY-NC-SA 4.0, non-commercial research only",
    request="music.ai/research",
    tree="""<root>/
  <uuid>/data.json
  <uuid>/<stem name>/<track id>.wav""",
    bibtex="""@inproceedings{moisesdb,
  author = {Pereira, Igor and Ara{\\'u}jo, Felipe and Korzeniowski, Filip and Vogl, Richard},
  title = {{MoisesDB}: a dataset for source separation beyond 4-stems},
  booktitle = {Proceedings of the 24th International Society for Music Information Retrieval Conference},
  year = {2023}
}""",
)


def recordings(root: Path) -> list[Recording]:
    """Every song in which no track bleeds. Raises InputError if there is none."""
    songs = listed(folders(root, "a folder for each song"), _recording)
    if not songs:
        raise InputError(f"{root}: expected songs without bleeding, found none")
    return songs


def _recording(folder: Path) -> Recording | None:
    """A song, or None for one that bleeds. Raises InputError naming the data.json that is not as it should be."""
    path = folder / "data.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        tracks = [(stem["stemName"], track) for stem in content["stems"] for track in stem["tracks"]]
        if not tracks:
            raise KeyError("tracks")
        bleeds = any(track.get("has_bleed") for _, track in tracks)
        sources = tuple(
            SourceFile(f"{stem}_{track['id']}", STEM_CLASSES[stem], folder / stem / _file_name(track))
            for stem, track in tracks
        )
        name = f"{content['artist']} - {content['song']}"
    except OSError as error:
        raise InputError(
            f"{path}: expected a readable file: copy the song again, if {folder.parent} is the folder of the songs"
        ) from error
    except KeyError as error:
        raise InputError(f"{path}: expected MoisesDB's keys and stem names, {error} is missing or unknown") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: expected MoisesDB's JSON: {error}") from error
    return None if bleeds else Recording(f"{name} ({folder.name[:8]})", None, sources)


def _file_name(track: dict) -> str:
    return f"{track['id']}.{track['extension'].lstrip('.')}"
