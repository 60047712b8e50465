"""DVC stage build_stems@{clean,noisy,test}: render a catalogue's songs and write them as a stem set.

clean and test become MUSDB-like sets (a mixture and four stems a song); noisy becomes a MedleyDB-like set of
sources, for corruption to mislabel.
"""

import functools
import multiprocessing
from pathlib import Path

import numpy as np
from tqdm import tqdm

from stages.pipeline.errors import InputError
from stages.pipeline.files import atomic_folder
from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage
from stages.stems import CLASSES
from stages.stems.manifest import MIXTURE, Part, StemFile, write_manifest, write_stem
from stages.stems.rendered import Song, check_tools, render_song

ROOTS = {"clean": Path("data/stems/clean"), "noisy": Path("data/stems/noisy_sources"), "test": Path("data/stems/test")}


def build_stems(catalogue: str, params: Params) -> None:
    """Write a catalogue's stem set; its last songs are those held out for validation."""
    check_tools()
    settings = params.stems
    songs = getattr(settings, catalogue).songs
    held_out = 0 if catalogue == "test" else getattr(settings, catalogue).validation
    splits = ["test" if catalogue == "test" else "train"] * songs + ["valid"] * held_out
    files: list[StemFile] = []
    with (
        atomic_folder(ROOTS[catalogue]) as root,
        multiprocessing.get_context("fork").Pool(params.compute.threads) as pool,
    ):
        work = functools.partial(_build_song, catalogue, root, tuple(settings.song_seconds), settings.rate)
        for rows in tqdm(
            pool.imap(work, enumerate(splits)), total=len(splits), desc=f"render {catalogue}", unit="song"
        ):
            files += rows
        write_manifest(root, files)


def _build_song(
    catalogue: str, root: Path, song_seconds: tuple[float, float], rate: int, numbered: tuple[int, str]
) -> list[StemFile]:
    index, split = numbered
    song = render_song(catalogue, index, song_seconds, rate)
    folder = f"{'test' if split == 'test' else 'train'}/{song.name}"
    if catalogue == "noisy":
        return _write_sources(root, folder, song, split, rate)
    return _write_stems(root, folder, song, split, rate)


def _write_sources(root: Path, folder: str, song: Song, split: str, rate: int) -> list[StemFile]:
    return [
        write_stem(
            root,
            f"{folder}/{source.name}.wav",
            source.audio,
            rate,
            song=song.name,
            split=split,
            stem=source.cls,
            parts=(Part(source.name, source.cls),),
        )
        for source in song.sources
    ]


def _write_stems(root: Path, folder: str, song: Song, split: str, rate: int) -> list[StemFile]:
    rows = []
    for stem in (MIXTURE, *CLASSES):
        sources = [source for source in song.sources if stem in (MIXTURE, source.cls)]
        if not sources:
            raise InputError(f"{song.name}: expected at least one {stem} source")
        audio = np.sum([source.audio for source in sources], axis=0, dtype=np.float32)
        parts = tuple(Part(source.name, source.cls) for source in sources)
        rows.append(
            write_stem(root, f"{folder}/{stem}.wav", audio, rate, song=song.name, split=split, stem=stem, parts=parts)
        )
    return rows


if __name__ == "__main__":
    run_stage("build_stems", build_stems, tuple(ROOTS))
