"""Scoring the test songs one by one, and publishing what came out."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from stages.pipeline.errors import InputError
from stages.pipeline.files import atomic_file, write_json
from stages.pipeline.params import Params
from stages.pipeline.tracking import log_run
from stages.scoring.sdr import Scores, aggregate, score_song
from stages.stems import CLASSES
from stages.stems.audio import read_audio
from stages.stems.manifest import CATALOGUE_ROOTS, MIXTURE, read_manifest

ROOT = CATALOGUE_ROOTS["test"]

# From a mixture (2, frames) and its true stems (4, 2, frames), which only the rows for scale look at, to estimates.
Separate = Callable[[np.ndarray, np.ndarray], np.ndarray]


def score_test_songs(name: str, run: str, separate: Separate, params: Params) -> None:
    """Score every test song; write metrics/score_separator/<name>.json and scores/separator/<name>.csv, log the run."""
    files = {(file.song, file.stem): file for file in read_manifest(ROOT)}
    scores: dict[str, Scores] = {}
    for song in tqdm(sorted({song for song, _ in files}), desc=f"score {name}", unit="song"):
        missing = [stem for stem in (MIXTURE, *CLASSES) if (song, stem) not in files]
        if missing:
            raise InputError(f"{ROOT}/manifest.csv: expected a {missing[0]} file of song {song}")
        wanted = [files[song, stem] for stem in (MIXTURE, *CLASSES)]
        mixture, *stems = (read_audio(ROOT / file.path, 0, file.frames, params.stems.rate) for file in wanted)
        references = np.stack(stems)
        estimates = separate(mixture, references)
        try:
            scores[song] = score_song(references, estimates, params.stems.rate, params.scoring.museval)
        except InputError as error:
            raise InputError(f"{name}: song {song}: {error}") from error
    metrics = aggregate(scores)
    table = pd.DataFrame(
        [
            {"song": song, "class": c, "csdr": score["csdr"][c], "usdr": score["usdr"][c]}
            for song, score in scores.items()
            for c in CLASSES
        ]
    )
    table_file = Path(f"scores/separator/{name}.csv")
    with atomic_file(table_file) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n", float_format="%.6g")
    write_json(Path(f"metrics/score_separator/{name}.json"), metrics)
    log_run(
        "score_separator", run, params, data=ROOT / "manifest.csv", metrics=metrics, files=[table_file],
        figures={"songs.png": song_figure(table)},
    )  # fmt: skip


def song_figure(table: pd.DataFrame):
    """The csdr of every song by class, for a run's page."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot(ylabel="frame-wise SDR of a song (dB)")
    axes.boxplot([table.loc[table["class"] == c, "csdr"].dropna() for c in CLASSES], tick_labels=list(CLASSES))
    axes.grid(alpha=0.3)
    return figure
