"""DVC stage score_classifier@{clean,noisy,refined}: Table 1 and Figure 4, on the test songs."""

from pathlib import Path

import pandas as pd
import torch

from stages.pipeline.files import atomic_file, write_json
from stages.pipeline.params import Params
from stages.pipeline.stage import name_too_short, run_stage
from stages.pipeline.tracking import line_figure, log_run
from stages.recognition.model import load_classifier
from stages.scoring.classification import multi_label_inputs, scores, single_label_inputs, threshold_curve
from stages.stems import CLASSES
from stages.stems.manifest import CATALOGUE_ROOTS, read_manifest
from stages.stems.segments import nominal_segments

ROOT = CATALOGUE_ROOTS["test"]


def main(training: str, params: Params) -> None:
    """Write metrics/score_classifier/<training>.json, and below curves/thresholds/ and scores/classifier/ its CSVs."""
    torch.set_num_threads(params.compute.threads)
    model = load_classifier(Path(f"models/classifier/{training}.safetensors"), params)
    files = read_manifest(ROOT)
    table = nominal_segments(ROOT, files, params.segments.seconds, params.segments.silence_db)
    name_too_short("Table 1", {file.song for file in files} - set(table["song"]))
    threshold = params.scoring.threshold
    single = single_label_inputs(model, table, ROOT, params)
    multi = multi_label_inputs(model, table, ROOT, params)
    metrics = {
        "threshold": threshold,
        "single": scores(single.probabilities, single.targets, threshold),
        "multi": scores(multi.probabilities, multi.targets, threshold),
    }
    curve = threshold_curve(single.probabilities, single.targets)
    write_json(Path(f"metrics/score_classifier/{training}.json"), metrics)
    curve_file, decisions_file = Path(f"curves/thresholds/{training}.csv"), Path(f"scores/classifier/{training}.csv")
    decisions = pd.concat([single.table("single"), multi.table("multi")])
    for table, file in ((curve, curve_file), (decisions, decisions_file)):
        with atomic_file(file) as temporary:
            table.to_csv(temporary, index=False, lineterminator="\n", float_format="%.6g")
    lines = {
        f"{c} {measure}": (rows["threshold"].tolist(), rows[measure].tolist())
        for c in CLASSES
        for rows in [curve[curve["class"] == c]]
        for measure in ("precision", "recall")
    }
    log_run(
        "score_classifier", f"classifier/{training}/seed{params.seed}", params, data=ROOT / "manifest.csv",
        metrics=metrics, files=[curve_file, decisions_file],
        figures={"thresholds.png": line_figure(lines, "threshold", "share")},
    )  # fmt: skip


if __name__ == "__main__":
    run_stage("score_classifier", main, ("clean", "noisy", "refined"))
