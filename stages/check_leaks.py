"""DVC stage check_leaks@{clean,noisy}: no song to train on may be in the test set."""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from stages.pipeline.errors import InputError
from stages.pipeline.files import write_json
from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage
from stages.stems.leaks import find_leaks, movement, song_mixtures
from stages.stems.manifest import CATALOGUE_ROOTS, read_manifest


def check_leaks(catalogue: str, params: Params) -> None:
    """Write metrics/check_leaks/<catalogue>.json. Raises InputError that lists the songs that are in both."""
    training, test = _movements(catalogue), _movements("test")
    leaks, largest = find_leaks(training, test)
    if leaks:
        pairs = "; ".join(f'"{leak.training}" is the test song "{leak.test}" ({leak.reason})' for leak in leaks)
        raise InputError(f"songs to train on are in the test set, list them in stems.{catalogue}.exclude: {pairs}")
    metrics = {"songs": len(training), "test_songs": len(test), "largest_correlation": round(largest, 4)}
    write_json(Path(f"metrics/check_leaks/{catalogue}.json"), metrics)


def _movements(catalogue: str) -> dict[str, np.ndarray]:
    root = CATALOGUE_ROOTS[catalogue]
    songs = song_mixtures(root, read_manifest(root))
    return {
        name: movement(audio, rate) for name, audio, rate in tqdm(songs, desc=f"listen to {catalogue}", unit="song")
    }


if __name__ == "__main__":
    run_stage("check_leaks", check_leaks, ("clean", "noisy"))
