"""A song as audio, wherever it comes from, and how it is written to a stem set."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stages.stems import CLASSES
from stages.stems.manifest import MIXTURE, UNKNOWN, Part, StemFile, write_stem

CEILING = 0.95  # of full scale; no sum of any of a song's sources exceeds it


def largest_sums(sources: Sequence[np.ndarray]) -> np.ndarray:
    """The largest absolute sum of any of the sources, at each sample: that of the positive or of the negative values.

    It is half of the sum of absolute values and the absolute sum. Sources are of one shape, which is the result's.
    """
    return (sum(np.abs(audio) for audio in sources) + np.abs(sum(sources))) / 2


@dataclass(frozen=True)
class Source:
    """One recorded part: a name fit for a file, its class, float32 audio of shape (2, frames)."""

    name: str
    cls: str
    audio: np.ndarray


@dataclass(frozen=True)
class Song:
    """A song's sources, all of one length; `labels_are_true` is False where nobody knows what they really hold."""

    name: str
    sources: tuple[Source, ...]
    labels_are_true: bool = True


def write_sources(root: Path, song: Song, split: str, rate: int) -> list[StemFile]:
    """Write a file for each source, as MedleyDB has them; returns their manifest rows."""
    return [
        write_stem(
            root, f"{_folder(song, split)}/{source.name}.wav", source.audio, rate, song=song.name, split=split,
            stem=source.cls, parts=(_part(song, source),),
        )
        for source in song.sources
    ]  # fmt: skip


def write_stems(root: Path, song: Song, split: str, rate: int) -> list[StemFile]:
    """Write the mixture and a stem for each class, as MUSDB has them; a class without a source is silence."""
    rows = []
    for stem in (MIXTURE, *CLASSES):
        sources = [source for source in song.sources if stem in (MIXTURE, source.cls)]
        audio = sum((source.audio for source in sources), np.zeros_like(song.sources[0].audio))
        rows.append(write_stem(
            root, f"{_folder(song, split)}/{stem}.wav", audio, rate, song=song.name, split=split, stem=stem,
            parts=tuple(_part(song, source) for source in sources),
        ))  # fmt: skip
    return rows


def _part(song: Song, source: Source) -> Part:
    return Part(source.name, source.cls if song.labels_are_true else UNKNOWN)


def _folder(song: Song, split: str) -> str:
    return f"{'test' if split == 'test' else 'train'}/{song.name}"
