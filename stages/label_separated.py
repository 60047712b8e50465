"""DVC stage label_separated: labels of the noisy stems by X-UMX, trained on them as they are; no classifier.

A separator that learned from noisy labels hears, in a "vocals" stem, drums, too. A class is labelled where its
estimate is loud enough (stages.variants.levels), with the thresholds of the variant `adaptive`.
"""

from pathlib import Path

import torch

from stages.label_variant import NOISY, adaptive_thresholds
from stages.pipeline.files import write_json
from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage
from stages.recognition.prediction import predict
from stages.refinement.quality import summary
from stages.refinement.thresholds import apply_threshold
from stages.separation.networks import load_separator
from stages.stems.segments import PROBABILITIES, read_arm, stem_root, write_arm
from stages.variants.levels import Levels
from stages.variants.names import SEPARATED

NETWORK = "xumx"


def main(params: Params) -> None:
    """Write data/arms/separated.csv and, in metrics/label_variant/separated.json, how right its labels are."""
    torch.set_num_threads(params.compute.threads)
    separator = load_separator(Path(f"models/separator/{NETWORK}-noisy.safetensors"), NETWORK, params)
    model = Levels(separator, NETWORK, params)
    table = read_arm(NOISY)
    table[PROBABILITIES] = predict(model, table, stem_root("noisy"), params)
    threshold = adaptive_thresholds(model, params)
    labelled = apply_threshold(table, threshold)
    write_arm(labelled, Path(f"data/arms/{SEPARATED}.csv"))
    write_json(Path(f"metrics/label_variant/{SEPARATED}.json"), summary(labelled, None) | {"threshold": threshold})


if __name__ == "__main__":
    run_stage("label_separated", main)
