"""The manifest of a stem set: one row for each WAV file, and everything that is known about it."""

from dataclasses import asdict, dataclass, fields
from math import isfinite
from pathlib import Path

import numpy as np
import pandas as pd

from stages.pipeline.errors import InputError
from stages.pipeline.files import atomic_file, sha256
from stages.stems import CLASSES
from stages.stems.audio import write_audio

# Where each catalogue's stem set lies; that of noisy has sources, which corruption makes data/stems/noisy of.
CATALOGUE_ROOTS = {
    "clean": Path("data/stems/clean"), "noisy": Path("data/stems/noisy_sources"), "test": Path("data/stems/test"),
}  # fmt: skip
MIXTURE = "mixture"
SPLITS = ("train", "valid", "test")
UNKNOWN = "unknown"  # the class of a source in a set that came mislabelled


@dataclass(frozen=True)
class Part:
    """One source inside a file: its name, its true class (or UNKNOWN) and the gain (dB) with which it was summed."""

    name: str
    cls: str
    gain_db: float = 0.0

    def __str__(self) -> str:
        return f"{self.name}:{self.cls}:{self.gain_db:g}"

    @classmethod
    def parse(cls, text: str) -> "Part":
        name, class_name, gain = text.split(":")
        return cls(name, class_name, float(gain))


@dataclass(frozen=True)
class StemFile:
    """One row of a manifest.

    `path` is relative to the root. `stem` is the mixture, the nominal label of a stem, or the class of a source.
    `sources` is what is summed in the file; `truth` the classes that are really in it, as far as that is known.
    """

    song: str
    split: str
    path: str
    stem: str
    sources: tuple[Part, ...]
    truth: tuple[str, ...]
    frames: int
    rate: int
    channels: int
    peak: float
    sha256: str

    @property
    def truth_is_known(self) -> bool:
        return all(part.cls != UNKNOWN for part in self.sources)


COLUMNS = [field.name for field in fields(StemFile)]


def write_stem(
    root: Path, path: str, audio: np.ndarray, rate: int, *, song: str, split: str, stem: str, parts: tuple[Part, ...]
) -> StemFile:
    """Write audio of shape (2, frames) to root/path and describe it. Classes are true where their source is in it."""
    write_audio(root / path, audio, rate)
    return StemFile(
        song=song,
        split=split,
        path=path,
        stem=stem,
        sources=parts,
        truth=tuple(c for c in CLASSES if any(part.cls == c for part in parts)),
        frames=audio.shape[1],
        rate=rate,
        channels=audio.shape[0],
        peak=round(float(np.abs(audio).max(initial=0.0)), 6),
        sha256=sha256(root / path),
    )


def write_manifest(root: Path, files: list[StemFile]) -> None:
    """Write root/manifest.csv, sorted by path."""
    rows = [
        asdict(file) | {"sources": ";".join(map(str, file.sources)), "truth": "|".join(file.truth)}
        for file in sorted(files, key=lambda file: file.path)
    ]
    with atomic_file(root / "manifest.csv") as temporary:
        pd.DataFrame(rows, columns=COLUMNS).to_csv(temporary, index=False, lineterminator="\n")


def by_song(files: list[StemFile]) -> dict[str, list[StemFile]]:
    """The files of each song, songs in the order of their first file."""
    songs: dict[str, list[StemFile]] = {}
    for file in files:
        songs.setdefault(file.song, []).append(file)
    return songs


def read_manifest(root: Path) -> list[StemFile]:
    """Read and check root/manifest.csv. Raises InputError naming the first bad row."""
    path = Path(root) / "manifest.csv"
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a manifest: {error}") from error
    if list(table.columns) != COLUMNS:
        raise InputError(f"{path}: expected the columns {','.join(COLUMNS)}, got {','.join(table.columns)}")
    if table.empty:
        raise InputError(f"{path}: expected at least one row")
    twice = np.flatnonzero(table["path"].duplicated())
    if len(twice):
        raise InputError(f"{path}: row {twice[0] + 2}: expected a path that no other row has")
    return [_parse_row(root, path, number, row) for number, row in enumerate(table.to_dict("records"), start=2)]


def _parse_row(root: Path, manifest: Path, number: int, row: dict[str, str]) -> StemFile:
    try:
        file = StemFile(
            song=row["song"],
            split=row["split"],
            path=row["path"],
            stem=row["stem"],
            sources=tuple(Part.parse(text) for text in row["sources"].split(";") if text),
            truth=tuple(text for text in row["truth"].split("|") if text),
            frames=int(row["frames"]),
            rate=int(row["rate"]),
            channels=int(row["channels"]),
            peak=float(row["peak"]),
            sha256=row["sha256"],
        )
    except ValueError as error:
        raise InputError(f"{manifest}: row {number}: {error}") from error
    if not all(isfinite(part.gain_db) for part in file.sources):
        raise InputError(f"{manifest}: row {number}: expected finite gains, got {row['sources']!r}")
    if min(file.frames, file.rate, file.channels) < 1:
        raise InputError(f"{manifest}: row {number}: expected frames, rate and channels above 0")
    if file.split not in SPLITS:
        raise InputError(f"{manifest}: row {number}: expected a split of {', '.join(SPLITS)}, got {file.split!r}")
    parts = {part.cls for part in file.sources} - {UNKNOWN}
    unknown = ({file.stem} - {*CLASSES, MIXTURE}) | ({*file.truth, *parts} - {*CLASSES})
    if unknown:
        raise InputError(
            f"{manifest}: row {number}: unknown class {min(unknown)!r}, expected one of {', '.join(CLASSES)}"
        )
    if not (Path(root) / file.path).resolve().is_relative_to(Path(root).resolve()):
        raise InputError(f"{manifest}: row {number}: expected a path inside {root}, got {file.path!r}")
    return file
