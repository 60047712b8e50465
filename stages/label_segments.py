"""DVC stage label_segments@{clean,noisy}: cut a stem set into segments that carry their nominal labels and truth."""

from pathlib import Path

import numpy as np
import pandas as pd

from stages.corrupt_stems import SOURCES
from stages.pipeline.errors import InputError
from stages.pipeline.files import write_json
from stages.pipeline.params import Params
from stages.pipeline.stage import name_too_short, run_stage
from stages.refinement.quality import summary
from stages.stems import CLASSES
from stages.stems.corruption import segment_energies
from stages.stems.manifest import read_manifest
from stages.stems.segments import PROBABILITIES, nominal_segments, stem_root, with_truth, write_arm


def label_segments(arm: str, params: Params) -> None:
    """Write data/arms/<arm>.csv and metrics/label_segments/<arm>.json."""
    root, settings = stem_root(arm), params.segments
    files = read_manifest(root)
    table = nominal_segments(root, files, settings.seconds, settings.silence_db)
    table = with_truth(table, _class_energies(arm, table), settings.silence_db, settings.audible_db)
    name_too_short(arm, {file.song for file in files} - set(table["song"]))
    write_arm(table, Path(f"data/arms/{arm}.csv"))
    write_json(Path(f"metrics/label_segments/{arm}.json"), summary(table, threshold=None))


def _class_energies(arm: str, table: pd.DataFrame) -> np.ndarray:
    """Mean-square level of each class in each segment: of the stem in a clean set, of its sources in a noisy one.

    NaN where nobody knows which sources a stem holds. Raises InputError where a source is missing.
    """
    if arm == "clean":
        levels = 10 ** (table["level_db"].to_numpy() / 10)
        return levels[:, None] * table[PROBABILITIES].to_numpy()
    sources = {(file.song, part.name): SOURCES / file.path for file in read_manifest(SOURCES) for part in file.sources}
    stems = {file.path: file for file in read_manifest(stem_root(arm))}
    energies = np.full((len(table), len(CLASSES)), np.nan)
    for path, rows in table.groupby("path", sort=False):
        stem = stems[path]
        if not stem.truth_is_known:
            continue
        for part in stem.sources:
            if (stem.song, part.name) not in sources:
                raise InputError(f"{SOURCES}/manifest.csv: expected the source {part.name} of {stem.song}")
        paths = {part.name: sources[stem.song, part.name] for part in stem.sources}
        length = int(rows["stop"].iloc[0] - rows["start"].iloc[0])
        energies[rows.index] = segment_energies(stem, paths, list(rows["start"]), length)
    return energies


if __name__ == "__main__":
    run_stage("label_segments", label_segments, ("clean", "noisy"))
