"""DVC stage label_by_separator: labels of the noisy stems by X-UMX, trained on them as they are; no classifier.

A separator that learned from noisy labels hears drums in a "vocals" stem, too. A class is labelled where its estimate
is loud enough (stages.variants.levels), above the threshold of the refined arms.
"""

from pathlib import Path

import torch

from stages.pipeline.files import write_json
from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage
from stages.recognition.prediction import predict
from stages.refinement.quality import summary
from stages.refinement.thresholds import apply_threshold
from stages.separation.networks import load_separator
from stages.stems.segments import PROBABILITIES, read_arm, stem_root, write_arm
from stages.variants.levels import Levels
from stages.variants.names import BY_SEPARATOR

NETWORK = "xumx"


def main(params: Params) -> None:
    """Write data/arms/by_separator.csv and, in metrics/label_variant/by_separator.json, how right its labels are."""
    torch.set_num_threads(params.compute.threads)
    separator = load_separator(Path(f"models/separator/{NETWORK}-noisy.safetensors"), NETWORK, params)
    table = read_arm(Path("data/arms/noisy.csv"))
    table[PROBABILITIES] = predict(Levels(separator, NETWORK, params), table, stem_root("noisy"), params)
    labelled = apply_threshold(table, params.refinement.threshold)
    write_arm(labelled, Path(f"data/arms/{BY_SEPARATOR}.csv"))
    quality = summary(labelled, params.refinement.threshold)
    write_json(Path(f"metrics/label_variant/{BY_SEPARATOR}.json"), quality)


if __name__ == "__main__":
    run_stage("label_by_separator", main)
