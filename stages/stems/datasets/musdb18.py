"""MUSDB18 as compressed multi-stream files (.stem.mp4), with the musdb package's splits."""

import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import yaml

from stages.pipeline.errors import InputError
from stages.stems import CLASSES
from stages.stems.datasets import Info, Recording, SourceFile

BIBTEX = """@misc{musdb18,
  author = {Rafii, Zafar and Liutkus, Antoine and St{\\"o}ter, Fabian-Robert and Mimilakis, Stylianos Ioannis
            and Bittner, Rachel},
  title = {The {MUSDB18} corpus for music separation},
  year = {2017},
  doi = {10.5281/zenodo.1117372}
}"""
INFO = Info(
    title="MUSDB18: 150 songs, 100 for training and 50 for testing",
    licence="Educational use only; most songs CC BY-NC-SA 4.0 (MedleyDB), the others as stated for each",
    request="Zenodo, record 1117372",
    tree="""<root>/
  train/<Artist - Title>.stem.mp4     five streams: mixture, drums, bass, other, vocals
  test/<Artist - Title>.stem.mp4""",
    bibtex=BIBTEX,
)


def recordings(root: Path) -> list[Recording]:
    """Every song of the set; 14 training songs, named by the musdb package, are for validation.

    Raises InputError if there is none, or where ffmpeg is missing.
    """
    for program in ("ffmpeg", "ffprobe"):
        if shutil.which(program) is None:
            raise InputError(f"reading .stem.mp4 files needs {program}: install the Debian package ffmpeg")
    streams = package_setup()["stem_ids"]
    return list_tracks(
        root, "*.stem.mp4", lambda path: tuple(SourceFile(c, c, path, streams[c]) for c in CLASSES), ".stem.mp4"
    )


def list_tracks(
    root: Path, pattern: str, sources: Callable[[Path], tuple[SourceFile, ...]], suffix: str = ""
) -> list[Recording]:
    """Songs below train/ and test/. `musdb.DB` would open every file, and stop at the first damaged one.

    Raises InputError if there is none.
    """
    held_out = package_setup()["validation_tracks"]
    songs = []
    for subset in ("train", "test"):
        for path in sorted((root / subset).glob(pattern)):
            name = path.name.removesuffix(suffix)
            if name.startswith("."):
                continue
            split = "valid" if subset == "train" and name in held_out else subset
            songs.append(Recording(name, split, sources(path)))
    if not songs:
        raise InputError(f"{root}: expected train/{pattern} and test/{pattern}, found none")
    return songs


def package_setup() -> dict:
    """The musdb package's own description of the set: validation songs and numbers of the streams."""
    folder = Path(find_spec("musdb").origin).parent  # importing it would ask for ffmpeg
    return yaml.safe_load((folder / "configs" / "mus.yaml").read_text())
