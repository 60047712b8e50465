"""DVC stage train_classifier@{clean,noisy,refined}: train the classifier Ψ on the labels of one arm."""

from pathlib import Path

from stages.pipeline.params import Params
from stages.pipeline.publishing import publish_training, training_fingerprint
from stages.pipeline.stage import run_stage
from stages.pipeline.training import Curves
from stages.recognition.training import train_classifier
from stages.stems.segments import read_arm, stem_root

TRAINING_ARMS = {"clean": "clean", "noisy": "noisy", "refined": "psi_noisy"}  # Ψ_refined learns the labels of Ψ_noisy


def main(training: str, params: Params) -> Curves:
    """Train the classifier of one of `TRAINING_ARMS`."""
    return train(training, TRAINING_ARMS[training], params)


def train(training: str, arm: str, params: Params) -> Curves:
    """Write models/classifier/<training>.safetensors, its curve and its metrics."""
    table = Path(f"data/arms/{arm}.csv")
    name = f"classifier/{training}/seed{params.seed}"
    key = training_fingerprint("classifier", table, params)
    model, curves = train_classifier(arm, read_arm(table), stem_root(arm), params, name=name, fingerprint=key)
    publish_training("classifier", training, name, params, data=table, model=model, curves=curves)
    return curves


if __name__ == "__main__":
    run_stage("train_classifier", main, tuple(TRAINING_ARMS))
