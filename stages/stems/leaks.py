"""The leak guard: is a training song in the test set, or any song in one set twice, by its name or under another?

MedleyDB and MUSDB18 share 46 songs, MoisesDB and SDXDB23 nearly 200, the latter under names that say nothing. So songs
are compared by name and by how their loudness moves in four bands, which survives another level, codec, cut or
mastering.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import combinations, product
from math import comb
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.signal import fftconvolve
from tqdm import tqdm

from stages.stems.audio import read_audio
from stages.stems.manifest import MIXTURE, StemFile, by_song

FRAMES_PER_SECOND = 20
OVERLAP = 4  # frames are as long as this many steps, so that half a step of misalignment changes little
AT_ONCE = 1000  # frames, so that an hour of music needs no more memory than a minute
BANDS = (0.0, 200.0, 800.0, 3200.0, np.inf)  # Hz
FLOOR_DB = 60.0  # below the loudest frame of a band, where its movement is cut off
LARGEST_STEP = 3.0  # in means of the band
SHORTEST = 0.5  # share of the shorter song that an alignment has to cover
SHORTEST_SECONDS = 10.0  # and how long that has to be: less may be alike by chance, so shorter songs go by their names
SAME = 0.6  # correlation from which two songs are the same; the largest of others is in metrics/check_leaks/

Song = tuple[str, np.ndarray]  # its name, and its movement


class Leak(NamedTuple):
    """A song that is there twice, in two catalogues or in one: its two names, and why that is believed."""

    song: str
    other: str
    reason: str


def normal_name(name: str) -> str:
    """A name without case, accents, blanks, punctuation and the identifier that MoisesDB's songs get in brackets."""
    name = re.sub(r"\([0-9a-f]{8}\)$", "", name)
    letters = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in letters if letter.isalnum())


def song_mixtures(root: Path, files: list[StemFile]) -> Iterator[tuple[str, np.ndarray, int]]:
    """Each song's name, its mixture (2, frames), or the sum of its files where it has none, and the rate."""
    for song, parts in by_song(files).items():
        parts = [file for file in parts if file.stem == MIXTURE] or parts
        yield song, sum(read_audio(root / file.path, 0, file.frames, file.rate) for file in parts), parts[0].rate


def movement(audio: np.ndarray, rate: int) -> np.ndarray:
    """How a song's loudness moves: changes of the level of each band from frame to frame, shape (4, frames - 1).

    Every band is as important as the others, and no single moment, such as the song's entry, more than the rest.

    Args: audio (2, frames) at `rate` Hz.
    """
    hop = rate // FRAMES_PER_SECOND
    length = OVERLAP * hop
    mono = np.pad(audio.mean(axis=0), (0, max(0, length + hop - audio.shape[1])))  # two frames, so that one can move
    frames = np.lib.stride_tricks.sliding_window_view(mono, length)[::hop]
    frequencies = np.fft.rfftfreq(length, 1 / rate)
    bands = [(low <= frequencies) & (frequencies < high) for low, high in zip(BANDS, BANDS[1:])]
    levels = []
    for start in range(0, len(frames), AT_ONCE):
        power = np.square(np.abs(np.fft.rfft(frames[start : start + AT_ONCE] * np.hanning(length))))
        levels.append([power[:, band].sum(axis=1) for band in bands])
    levels = 10 * np.log10(np.concatenate(levels, axis=1) + 1e-12)
    steps = np.diff(np.maximum(levels, levels.max(axis=1, keepdims=True) - FLOOR_DB))
    scaled = steps / np.maximum(np.abs(steps).mean(axis=1, keepdims=True), 1e-9)
    return np.clip(scaled, -LARGEST_STEP, LARGEST_STEP)


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    """The largest correlation of two songs' movements over all alignments that cover enough of the shorter one.

    Args: two results of `movement`, (4, frames) each.

    Returns: at most 1; 1 for a piece of the same song; 0 where either is too short to tell.
    """
    products = fftconvolve(a, b[:, ::-1], axes=1).sum(axis=0)
    energy_a = fftconvolve(np.square(a).sum(axis=0), np.ones(b.shape[1]))
    energy_b = fftconvolve(np.ones(a.shape[1]), np.square(b).sum(axis=0)[::-1])
    covered = fftconvolve(np.ones(a.shape[1]), np.ones(b.shape[1]))
    enough = covered >= max(SHORTEST * min(a.shape[1], b.shape[1]), SHORTEST_SECONDS * FRAMES_PER_SECOND) - 0.5
    norm = np.sqrt(np.maximum(energy_a, 1e-9) * np.maximum(energy_b, 1e-9))
    return float((products / norm)[enough].max(initial=0.0))


def find_leaks(songs: dict[str, np.ndarray], others: dict[str, np.ndarray]) -> tuple[list[Leak], float]:
    """Compare every song with every one of the others, given as their movements by name.

    Two songs of one name are one, whatever their sound, but where the name is a number.

    Returns: every pair that is one song, and the largest correlation among the others (0 if there is none).
    """
    return _same(product(songs.items(), others.items()), len(songs) * len(others))


def find_repeats(songs: dict[str, np.ndarray]) -> list[Leak]:
    """Every pair of these songs that is one, as in `find_leaks`."""
    return _same(combinations(songs.items(), 2), comb(len(songs), 2))[0]


def _same(pairs: Iterable[tuple[Song, Song]], count: int) -> tuple[list[Leak], float]:
    leaks, largest = [], 0.0
    for (name, movements), (other, its_movements) in tqdm(pairs, desc="compare", total=count, unit="pair"):
        found, own_name = similarity(movements, its_movements), normal_name(name)
        if own_name.strip("0123456789") and own_name == normal_name(other):  # a number alone is no name
            leaks.append(Leak(name, other, f"by name, correlation {found:.2f}"))
        elif found >= SAME:
            leaks.append(Leak(name, other, f"by its sound, correlation {found:.2f}"))
        else:
            largest = max(largest, found)
    return leaks, largest
