"""Which files of a data set are missing or damaged, against its layout and an index of checksums."""

import json
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tqdm import tqdm

from stages.pipeline.errors import InputError
from stages.pipeline.files import atomic_file, sha256
from stages.stems.datasets import Recording, data_set
from stages.stems.datasets.naming import name_problems
from stages.stems.datasets.reading import check_file, missing_line, read_part


@dataclass(frozen=True)
class Report:
    """What `validate` found: how many songs, and one line for each missing and each damaged file."""

    songs: int
    missing: list[str]
    damaged: list[str]


def validate(name: str, root: Path, index: Path | None = None) -> Report:
    """Look at every file of a data set; with an index, compare checksums instead of decoding. Nothing bad ends it.

    Raises InputError if the root is not laid out as the data set is, or the index cannot be read.
    """
    recordings = data_set(name).recordings(root)
    checksums = read_index(index, name) if index else None
    missing, damaged = [], []
    if checksums is not None:
        missing += [missing_line(root / path) for path in checksums if not (root / path).is_file()]
    damaged += name_problems(str(root), [recording.name for recording in recordings])
    for recording in recordings:
        damaged += [*recording.problems, *name_problems(recording.name, [part.name for part in recording.sources])]
    for recording in tqdm(recordings, desc=f"validate {name}", unit="song"):
        for path, sources in groupby(recording.sources, key=lambda source: source.path):
            if not path.is_file():
                missing.append(missing_line(path))
                continue
            try:
                if checksums is None:
                    for source in sources:
                        read_part(source)
                else:
                    check_checksum(path, root, checksums)
            except InputError as error:
                damaged.append(str(error))
            except OSError as error:
                damaged.append(f"{path}: {error.strerror or error}")
    return Report(len(recordings), sorted(set(missing)), sorted(set(damaged)))


def check_recording(recording: Recording, root: Path, checksums: dict[str, str]) -> None:
    """Raises InputError for the first file of a song that is missing or differs from the index."""
    for path in dict.fromkeys(source.path for source in recording.sources):
        check_file(path)
        check_checksum(path, root, checksums)


def check_checksum(path: Path, root: Path, checksums: dict[str, str]) -> None:
    """Raises InputError if a file is not the one that the index was made from."""
    relative = path.relative_to(root).as_posix()
    if relative not in checksums:
        raise InputError(f"{path}: not in the index: make the index again if the file belongs to the data set")
    if sha256(path) != checksums[relative]:
        raise InputError(f"{path}: wrong checksum, it differs from the index: copy it again")


def write_index(name: str, root: Path, path: Path) -> None:
    """Write the SHA-256 of every file of a data set as JSON, to compare other copies with.

    Raises InputError for a song whose files cannot be listed, for a file that is missing, empty or cut short, and where
    `path` is a folder.
    """
    if path.is_dir():
        raise InputError(f"{path}: expected a file to write the index to, it is a folder")
    recordings = data_set(name).recordings(root)
    for recording in recordings:
        if recording.problems:
            raise InputError(recording.problems[0])
    files = dict.fromkeys(source.path for song in recordings for source in song.sources)
    checksums = {}
    for file in tqdm(files, desc=f"index {name}", unit="file"):
        check_file(file)
        checksums[file.relative_to(root).as_posix()] = sha256(file)
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps({"data_set": name, "sha256": checksums}, indent=1) + "\n")


def read_index(path: Path, name: str) -> dict[str, str]:
    """The checksums in an index of the data set `name`, by path inside its root."""
    try:
        content = json.loads(Path(path).read_text())
        found, checksums = content["data_set"], content["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: expected an index written by tools/validate_data.py: {error}") from error
    if found != name:
        raise InputError(f"{path}: expected an index of {name}, got one of {found}")
    return checksums
