"""DVC stage predict_segments@{psi_clean,psi_noisy,psi_refined}: a classifier's pass over every noisy segment.

Probabilities and labels are two stages, so that a changed threshold never runs a classifier again.
"""

from pathlib import Path

import torch

from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage
from stages.recognition.model import load_classifier
from stages.recognition.prediction import predict
from stages.stems.segments import PROBABILITIES, REFINED_ARMS, read_arm, stem_root, write_arm


def main(arm: str, params: Params) -> None:
    """Write data/probabilities/<arm>.csv: the noisy arm's rows with the probabilities of Ψ."""
    torch.set_num_threads(params.compute.threads)
    model = load_classifier(Path(f"models/classifier/{arm.removeprefix('psi_')}.safetensors"), params)
    table = read_arm(Path("data/arms/noisy.csv"))
    table[PROBABILITIES] = predict(model, table, stem_root("noisy"), params)
    write_arm(table, Path(f"data/probabilities/{arm}.csv"))


if __name__ == "__main__":
    run_stage("predict_segments", main, REFINED_ARMS)
