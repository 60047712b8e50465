"""Corruption: sources get wrong labels, then stems are summed by label; the simulated label noise of the paper.

A source keeps its label or, with its class's flip rate, gets another one from the confusion table. So a "vocals"
stem may hold drums, lack its voice, or both. Bleeding, a second and optional kind of noise, leaks a song's other
stems into one of them.
"""

import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stages.pipeline.params import Corruption
from stages.stems import CLASSES
from stages.stems.audio import read_audio
from stages.stems.manifest import Part, StemFile, write_stem


def corruption_generator(seed: int, song: str) -> np.random.Generator:
    """The random generator of one song's corruption: it depends on the seed and the song's name alone."""
    return np.random.default_rng([seed, zlib.crc32(song.encode())])


def nominal_labels(classes: Sequence[str], settings: Corruption, generator: np.random.Generator) -> list[str]:
    """Draw a nominal label for each source of a song, given their true classes."""
    labels = []
    for true_class in classes:
        flips = generator.random() < getattr(settings.flip_rate, true_class)
        chances = settings.confusion[true_class]
        wrong = generator.choice(list(chances), p=np.array(list(chances.values())) / sum(chances.values()))
        labels.append(str(wrong) if flips else true_class)
    return labels


def corrupted_stems(
    parts: Sequence[Part], settings: Corruption, generator: np.random.Generator
) -> dict[str, list[Part]]:
    """What each nominal stem of a song is made of, given the song's sources."""
    labels = nominal_labels([part.cls for part in parts], settings, generator)
    stems = {c: [part for part, label in zip(parts, labels, strict=True) if label == c] for c in CLASSES}
    bleeding = settings.bleeding
    leaks = {}
    for c in CLASSES:
        gains = generator.uniform(*bleeding.gain_db, size=len(parts)).round(2)
        leaks[c] = generator.random() < bleeding.rate, gains
    return {
        c: stems[c]
        + [
            Part(part.name, part.cls, float(gain))
            for part, label, gain in zip(parts, labels, leaks[c][1], strict=True)
            if leaks[c][0] and label != c
        ]
        for c in CLASSES
    }


def contaminated(nominal: str, parts: Sequence[Part]) -> bool:
    """Whether a stem holds anything but its own class, or lacks it."""
    return {part.cls for part in parts} != {nominal}


def mix_parts(parts: Sequence[Part], source_paths: dict[str, Path], frames: int, rate: int) -> np.ndarray:
    """Sum sources with their gains: float32 of shape (2, frames); zeros if there are none."""
    audio = np.zeros((2, frames), dtype=np.float32)
    for part in parts:
        audio += np.float32(10 ** (part.gain_db / 20)) * read_audio(source_paths[part.name], 0, frames, rate)
    return audio


def corrupt_song(
    song: str, sources: Sequence[StemFile], source_root: Path, root: Path, settings: Corruption, seed: int
) -> list[StemFile]:
    """Write the corrupted stems of one song below `root`; returns their manifest rows."""
    first = sources[0]
    paths = {file.sources[0].name: source_root / file.path for file in sources}
    stems = corrupted_stems([file.sources[0] for file in sources], settings, corruption_generator(seed, song))
    return [
        write_stem(
            root,
            f"train/{song}/{c}.wav",
            mix_parts(parts, paths, first.frames, first.rate),
            first.rate,
            song=song,
            split=first.split,
            stem=c,
            parts=tuple(parts),
        )
        for c, parts in stems.items()
    ]


def keep_song(stems: Sequence[StemFile], source_root: Path, root: Path) -> list[StemFile]:
    """Copy the stems of a song that came mislabelled, and whose truth is not known; returns their manifest rows."""
    for file in stems:
        (root / file.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source_root / file.path, root / file.path)
    return list(stems)


def segment_energies(stem: StemFile, source_paths: dict[str, Path], starts: Sequence[int], length: int) -> np.ndarray:
    """The mean-square level of each class's sources in each segment of a stem, shape (segments, 4)."""
    energies = np.zeros((len(starts), len(CLASSES)))
    for column, c in enumerate(CLASSES):
        parts = [part for part in stem.sources if part.cls == c]
        if parts:
            audio = mix_parts(parts, source_paths, stem.frames, stem.rate).astype(np.float64)
            energies[:, column] = [np.mean(audio[:, start : start + length] ** 2) for start in starts]
    return energies
