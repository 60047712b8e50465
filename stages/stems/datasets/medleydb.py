"""MedleyDB 1 and 2: stems with instrument labels; songs in which stems bleed are left out.

The metadata come with the audio or, as a separate archive has them, as <root>/Metadata/<Track>_METADATA.yaml.
Instruments become classes by medleydb_instruments.yaml, which states the policy.
"""

from pathlib import Path

import yaml

from stages.pipeline.errors import InputError
from stages.stems import CLASSES
from stages.stems.datasets import Info, Recording, SourceFile, folders, listed

POLICY = Path(__file__).with_name("medleydb_instruments.yaml")
INFO = Info(
    title="MedleyDB 1 (122 songs) and 2 (74 more)",
    licence="CC BY-NC-SA 4.0, non-commercial research only",
    request="medleydb.weebly.com; the metadata are in the repository marl/medleydb on GitHub",
    tree="""<root>/
  Audio/<Track>/<Track>_METADATA.yaml     or Metadata/<Track>_METADATA.yaml
  Audio/<Track>/<Track>_STEMS/<Track>_STEM_NN.wav
  Audio/<Track>/<Track>_RAW/...           not used""",
    bibtex="""@inproceedings{medleydb,
  author = {Bittner, Rachel and Salamon, Justin and Tierney, Mike and Mauch, Matthias and Cannam, Chris
            and Bello, Juan Pablo},
  title = {{MedleyDB}: a multitrack dataset for annotation-intensive {MIR} research},
  booktitle = {Proceedings of the 15th International Society for Music Information Retrieval Conference},
  year = {2014}
}""",
)


def recordings(root: Path) -> list[Recording]:
    """Every song that doesn't bleed and whose stems are of one class each. Raises InputError if there is none."""
    policy = {name: c for c, names in yaml.safe_load(POLICY.read_text()).items() for name in names}
    songs = listed(folders(root / "Audio", "a folder for each song"), lambda folder: _recording(folder, root, policy))
    if not songs:
        raise InputError(f"{root}: expected songs without bleeding, found none")
    return songs


def _recording(folder: Path, root: Path, policy: dict[str, str]) -> Recording | None:
    """A song, or None for one that is left out.

    Raises InputError naming the metadata file that is missing or not as it should be, and an instrument that the
    policy does not know.
    """
    path = folder / f"{folder.name}_METADATA.yaml"
    apart = root / "Metadata" / path.name
    if not path.is_file() and apart.is_file():
        path = apart
    metadata = _read(path)
    stems = {
        number: (stem["filename"], _class(stem["instrument"], policy, path))
        for number, stem in sorted(metadata["stems"].items())
    }
    if metadata["has_bleed"] in ("yes", True) or any(c == "mixed" for _, c in stems.values()):
        return None
    sources = tuple(
        SourceFile(number, c, folder / f"{folder.name}_STEMS" / file) for number, (file, c) in stems.items()
    )
    return Recording(folder.name, None, sources)


def _read(path: Path) -> dict:
    """The metadata of a song, with the keys that are used."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        content["has_bleed"]
        for stem in content["stems"].values():
            names = stem["instrument"] if isinstance(stem["instrument"], list) else [stem["instrument"]]
            if not all(isinstance(name, str) for name in (stem["filename"], *names)):
                raise TypeError(f"filename {stem['filename']!r}, instrument {stem['instrument']!r}")
        if not content["stems"]:
            raise KeyError("stems")
    except OSError as error:
        raise InputError(f"{path}: missing: copy it, or MedleyDB's Metadata folder, into the data set") from error
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: expected MedleyDB's metadata (has_bleed, stems): {error}") from error
    return content


def _class(instrument: str | list[str], policy: dict[str, str], path: Path) -> str:
    """The class of a stem; "mixed" if its instruments are of several."""
    names = [instrument] if isinstance(instrument, str) else instrument
    unknown = [name for name in names if name.lower() not in policy]
    if unknown:
        raise InputError(f"{path}: unknown instrument {unknown[0]!r}: add it to {POLICY.name}")
    classes = {policy[name.lower()] for name in names}
    return classes.pop() if len(classes) == 1 and classes <= {*CLASSES} else "mixed"
