"""Recorded data sets: one module for each, all of which say the same of themselves and list the same `Recording`s.

A module has `INFO` and `recordings(root)`, which lists every file that the set's layout says is there, whether it is
or not: `validation.py` tells which are missing or damaged. A song whose files cannot even be listed is in the list
with its problems, so that it neither hides the others nor stops who leaves it out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, get_args

from stages.pipeline.errors import InputError
from stages.pipeline.params import DataSetName

NAMES = get_args(DataSetName)


@dataclass(frozen=True)
class SourceFile:
    """One recorded part of a song: a name that is its own within the song, its class, and where its audio is.

    `stream` is the number of the audio stream in a .stem.mp4; None for a file that holds this part alone.
    """

    name: str
    cls: str
    path: Path
    stream: int | None = None


@dataclass(frozen=True)
class Recording:
    """A song of a data set: its name, the set's own split for it (None if it has none) and its parts.

    `labels_are_true` is False for a set of mislabelled stems, in which nobody knows what a file holds; `problems` say
    why some of a song's parts cannot be listed, a line for each; such a song is not to be used.
    """

    name: str
    split: str | None
    sources: tuple[SourceFile, ...]
    labels_are_true: bool = True
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Info:
    """What a data set is: title, licence, where to ask for it, its folder tree, and how to cite it (BibTeX)."""

    title: str
    licence: str
    request: str
    tree: str
    bibtex: str


class DataSet(Protocol):
    """What a data set's module offers."""

    INFO: Info
    recordings: Callable[[Path], list[Recording]]


def data_set(name: str) -> DataSet:
    """The module of a data set. Raises InputError for an unknown name."""
    if name not in NAMES:
        raise InputError(f"unknown data set {name!r}: expected one of {', '.join(NAMES)}")
    return import_module(f"{__name__}.{name}")


def listed(paths: list[Path], recording: Callable[[Path], Recording | None]) -> list[Recording]:
    """The recording of each path, without those that the set leaves out (None); for bad input one with its problem."""
    songs = []
    for path in paths:
        try:
            path.name.encode()
            song = recording(path)
        except InputError as error:
            song = Recording(path.name, None, (), problems=(str(error),))
        except OSError as error:
            problem = f"{error.filename or path}: {error.strerror or error}"
            song = Recording(path.name, None, (), problems=(problem,))
        except UnicodeEncodeError:
            song = Recording(path.name, None, (), problems=(f"{str(path)!a}: expected a name in UTF-8: rename it",))
        if song:
            songs.append(song)
    return songs


def folders(root: Path, expected: str) -> list[Path]:
    """The folders inside `root`, sorted; InputError if there is none. `expected` says what should have been there."""
    if not root.is_dir():
        raise InputError(f"{root}: expected a folder: {expected}")
    found = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not found:
        raise InputError(f"{root}: expected {expected}, found no folder in it")
    return found
