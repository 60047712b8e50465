"""DVC stage build_stems@{clean,noisy,test}: write a catalogue's songs as a stem set.

clean and test become MUSDB-like sets (a mixture and four stems a song); noisy becomes a MedleyDB-like set of
sources, for corruption to mislabel.
"""

import multiprocessing
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from joblib import cpu_count  # those that this process may use, or LOKY_MAX_CPU_COUNT
from tqdm import tqdm

from stages.pipeline.errors import InputError
from stages.pipeline.files import atomic_folder
from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage
from stages.stems.catalogue import build_song, catalogue_songs
from stages.stems.manifest import CATALOGUE_ROOTS, StemFile, write_manifest
from stages.stems.songs import write_sources, write_stems


def build_stems(catalogue: str, params: Params) -> None:
    """Write a catalogue's stem set and its manifest. Raises InputError where one of its processes is killed."""
    songs = catalogue_songs(catalogue, params.stems)
    write = write_sources if catalogue == "noisy" else write_stems
    files: list[StemFile] = []
    with (
        atomic_folder(CATALOGUE_ROOTS[catalogue]) as root,
        ProcessPoolExecutor(cpu_count(), multiprocessing.get_context("fork"), _end_with_parent, (os.getpid(),)) as pool,
    ):
        try:  # not pool.map: Python 3.11's can hang where a pool breaks
            rows = [pool.submit(build_song, write, root, params.stems.rate, song) for song in songs]
            for row in tqdm(rows, desc=f"build {catalogue}", unit="song"):
                files += row.result()
        except BrokenProcessPool as error:
            raise InputError(
                f"build_stems {catalogue}: one of {cpu_count()} processes was killed: out of memory? "
                "Fewer need less: set LOKY_MAX_CPU_COUNT"
            ) from error
        finally:
            for process in multiprocessing.active_children():  # else an error would wait for all other songs
                process.terminate()
        write_manifest(root, files)


def _end_with_parent(parent: int) -> None:
    """Let this process end within a second of its parent, which may be killed and then tells nobody."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    run_stage("build_stems", build_stems, tuple(CATALOGUE_ROOTS))
