"""DVC stage check_leaks@{clean,noisy}: no song to train on may be in the test set; names those twice in one set."""

import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from stages.pipeline.errors import InputError
from stages.pipeline.files import write_json
from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage
from stages.stems.leaks import FRAMES_PER_SECOND, SHORTEST_SECONDS, find_leaks, find_repeats, movement, song_mixtures
from stages.stems.manifest import CATALOGUE_ROOTS, read_manifest


def check_leaks(catalogue: str, params: Params) -> None:
    """Write metrics/check_leaks/<catalogue>.json. Raises InputError that lists the songs that are in the test set, too.

    A song of noisy that is in clean stops nothing, since whoever has one data set takes both from it. But Ψ_clean has
    then learned from its true labels, so a line says how many there are. Songs that are twice in one catalogue stop
    nothing either, and a line names them: held out and trained on they validate little, tested twice they count twice.
    """
    training, test = _movements(catalogue), _movements("test")
    leaks, largest = find_leaks(training, test)
    if leaks:
        pairs = "; ".join(f'"{leak.song}" is the test song "{leak.other}" ({leak.reason})' for leak in leaks)
        raise InputError(
            f"songs to train on are in the test set, list them in stems.{catalogue}.exclude, or rename those that are "
            f"others of the same name: {pairs}"
        )
    short = sum(song.shape[1] < SHORTEST_SECONDS * FRAMES_PER_SECOND for song in training.values())
    metrics = {"songs": len(training), "test_songs": len(test), "largest_correlation": round(largest, 4)}
    metrics["songs_too_short_to_hear"] = short
    metrics["repeated_songs"] = _repeated(catalogue, training)
    if catalogue == "clean":
        metrics["repeated_test_songs"] = _repeated("test", test)
    if catalogue == "noisy":
        shared, _ = find_leaks(training, _movements("clean"))
        metrics["songs_in_clean"] = len({leak.song for leak in shared})
        if shared:
            print(
                f"check_leaks: {metrics['songs_in_clean']} of {len(training)} songs of noisy are in clean, too: "
                f'Ψ_clean learns from their true labels; the first is "{shared[0].song}" ({shared[0].reason})',
                file=sys.stderr,
            )
    write_json(Path(f"metrics/check_leaks/{catalogue}.json"), metrics)


def _repeated(catalogue: str, songs: dict[str, np.ndarray]) -> int:
    """How many of these songs are another of them again, or some more; a line on stderr names the pairs."""
    repeats = find_repeats(songs)
    if repeats:
        pairs = "; ".join(f'"{one.song}" is "{one.other}" ({one.reason})' for one in repeats)
        advice = f"stems.{catalogue}.exclude leaves one of a pair out"
        print(f"check_leaks: songs that are twice in {catalogue} ({advice}): {pairs}", file=sys.stderr)
    return len({one.other for one in repeats})


def _movements(catalogue: str) -> dict[str, np.ndarray]:
    root = CATALOGUE_ROOTS[catalogue]
    songs = song_mixtures(root, read_manifest(root))
    return {
        name: movement(audio, rate) for name, audio, rate in tqdm(songs, desc=f"listen to {catalogue}", unit="song")
    }


if __name__ == "__main__":
    run_stage("check_leaks", check_leaks, ("clean", "noisy"))
