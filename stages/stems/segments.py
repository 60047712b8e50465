"""Segments: the fixed-length pieces of stems that carry labels, and the table of them that is called an arm.

An arm has one row for each segment; see `ARM_COLUMNS`. Nominal and refined labels share this one form, so that
everything downstream reads the same thing.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from stages.pipeline.errors import InputError
from stages.pipeline.files import atomic_file, read_table
from stages.stems import CLASSES
from stages.stems.audio import level_db, read_audio
from stages.stems.manifest import MIXTURE, StemFile

PROBABILITIES = [f"p_{c}" for c in CLASSES]
LABELS = list(CLASSES)
TRUTHS = [f"true_{c}" for c in CLASSES]
SEGMENT = ["song", "path", "start", "stop"]  # which one it is
TEXTS = ["song", "split", "stem", "path"]
ARM_COLUMNS = [*TEXTS, "start", "stop", "level_db", *PROBABILITIES, *LABELS, *TRUTHS]
REFINED_ARMS = ("psi_clean", "psi_noisy", "psi_refined")
ARMS = ("clean", "noisy", *REFINED_ARMS)


def stem_root(arm: str) -> Path:
    """The stem set that an arm's paths are relative to: all arms but clean are labels of the noisy stems."""
    return Path("data/stems") / ("clean" if arm == "clean" else "noisy")


def nominal_segments(root: Path, files: list[StemFile], seconds: float, silence_db: float) -> pd.DataFrame:
    """Cut every stem of a set into consecutive segments that carry its nominal label, silent ones none.

    What remains of a song after its last whole segment is dropped. Truth is left empty. Raises InputError if no file
    is as long as a segment.
    """
    rows = []
    for file in files:
        if file.stem == MIXTURE:
            continue
        audio = read_audio(Path(root) / file.path, 0, file.frames, file.rate)
        length = round(seconds * file.rate)
        for start in range(0, file.frames - length + 1, length):
            level = round(max(level_db(audio[:, start : start + length]), -120.0), 2)  # as all that read it compare it
            labels = [int(level >= silence_db and c == file.stem) for c in CLASSES]
            probabilities = map(float, labels)
            where = [file.song, file.split, file.stem, file.path, start, start + length, level]
            rows.append([*where, *probabilities, *labels, *[None] * len(CLASSES)])
    if not rows:
        raise InputError(f"{root}: expected at least one segment of {seconds:g} s, the files are shorter")
    return pd.DataFrame(rows, columns=ARM_COLUMNS)


def true_classes(energies: np.ndarray, silence_db: float, audible_db: float) -> np.ndarray:
    """Which classes are truly in a segment.

    Args:
        energies: mean-square level of each class's sources in each segment, shape (segments, 4).
        silence_db: a class below this RMS level (dBFS) is silent.
        audible_db: so is one that lies this far (dB, negative) below the loudest class of its segment.

    Returns: 0/1 of shape (segments, 4).
    """
    loudest = energies.max(axis=1, keepdims=True, initial=0.0)
    return ((energies >= 10 ** (silence_db / 10)) & (energies >= loudest * 10 ** (audible_db / 10))).astype(int)


def with_truth(arm: pd.DataFrame, energies: np.ndarray, silence_db: float, audible_db: float) -> pd.DataFrame:
    """Fill in the truth columns of an arm from class energies (segments, 4); a silent segment holds no class.

    Where the energies are NaN, the truth is not known and stays empty.
    """
    truth = true_classes(energies, silence_db, audible_db) * (arm["level_db"].to_numpy() >= silence_db)[:, None]
    truth = np.where(np.isnan(energies), np.nan, truth)
    return arm.assign(**dict(zip(TRUTHS, truth.T, strict=True)))


def write_arm(table: pd.DataFrame, path: Path) -> None:
    """Write an arm, its columns in their order."""
    with atomic_file(path) as temporary:
        table[ARM_COLUMNS].to_csv(temporary, index=False, lineterminator="\n", float_format="%.6g")


def read_arm(path: Path) -> pd.DataFrame:
    """Read an arm and check it. Raises InputError naming the file and the first bad row."""
    try:
        table = read_table(path, ARM_COLUMNS, TEXTS)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a table of segments: {error}") from error
    if list(table.columns) != ARM_COLUMNS:
        raise InputError(f"{path}: expected the columns {','.join(ARM_COLUMNS)}, got {','.join(table.columns)}")
    try:
        probabilities, labels = table[PROBABILITIES].to_numpy(float), table[LABELS].to_numpy(float)
        truth, bounds = table[TRUTHS].to_numpy(float), table[["start", "stop"]].to_numpy(float)
        levels = table[["level_db"]].to_numpy(float)
    except ValueError as error:
        raise InputError(f"{path}: expected numbers from column start on: {error}") from error
    if table.empty:
        raise InputError(f"{path}: expected at least one row")
    outside = [text for text in table["path"].unique() if Path(text).is_absolute() or ".." in Path(text).parts]
    _check_rows(path, ~table[["path"]].isin(outside).to_numpy(), "a path inside the stem set")
    _check_rows(path, (probabilities >= 0) & (probabilities <= 1), "probabilities within 0..1")
    _check_rows(path, (labels == 0) | (labels == 1), "labels of 0 or 1")
    _check_rows(path, (truth == 0) | (truth == 1) | np.isnan(truth), "truth of 0, 1 or nothing")
    _check_rows(path, np.isfinite(levels), "a level")
    _check_rows(path, bounds == np.round(bounds), "start and stop as whole numbers")
    _check_rows(path, (bounds[:, :1] >= 0) & (bounds[:, :1] < bounds[:, 1:]), "0 <= start < stop")
    order = table.sort_values(["path", "start"], kind="stable")
    overlap = (order["start"] < order["stop"].shift()) & (order["path"] == order["path"].shift())
    _check_rows(path, ~overlap.sort_index().to_numpy()[:, None], "segments that do not overlap the one before")
    frames = bounds[:, 1:] - bounds[:, :1]
    _check_rows(path, frames == frames[0], f"a segment of {frames[0, 0]:.0f} frames, as the first one")
    return table


def _check_rows(path: Path, good: np.ndarray, expected: str) -> None:
    bad = np.flatnonzero(~good.all(axis=1))
    if len(bad):
        raise InputError(f"{path}: row {bad[0] + 2}: expected {expected}")


def read_segment(root: Path, path: str, start: int, stop: int) -> np.ndarray:
    """Read one segment of a stem as float32 of shape (2, stop - start)."""
    return read_audio(Path(root) / path, int(start), int(stop))
