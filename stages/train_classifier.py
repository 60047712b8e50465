"""DVC stage train_classifier@{clean,noisy,refined}: train the classifier Ψ on the labels of one arm."""

from pathlib import Path

from stages.pipeline.files import write_json
from stages.pipeline.params import Params
from stages.pipeline.stage import code_fingerprint, fingerprint, run_stage
from stages.pipeline.tracking import line_figure, log_run
from stages.pipeline.training import remove_checkpoints, write_curves, write_weights
from stages.recognition.training import train_classifier
from stages.stems.segments import read_arm, stem_root

TRAINING_ARMS = {"clean": "clean", "noisy": "noisy", "refined": "psi_noisy"}  # Ψ_refined learns the labels of Ψ_noisy


def main(training: str, params: Params) -> float:
    """Write models/classifier/<training>.safetensors, its curve and its metrics; returns the seconds in steps."""
    arm = TRAINING_ARMS[training]
    table = Path(f"data/arms/{arm}.csv")
    name = f"classifier/{training}/seed{params.seed}"
    settings = params.model_dump(include={"seed", "classifier", "segments"})
    model, curves = train_classifier(
        arm,
        read_arm(table),
        stem_root(arm),
        params,
        name=name,
        fingerprint=fingerprint(table, settings, code_fingerprint()),
    )
    curve_file = Path(f"curves/classifier/{training}.csv")
    write_weights(model, Path(f"models/classifier/{training}.safetensors"))
    write_curves(curves, curve_file)
    write_json(Path(f"metrics/train_classifier/{training}.json"), curves.summary())
    steps, losses, validations = zip(*curves.points, strict=True)
    lines = {"training loss": (steps, losses), "validation accuracy": (steps, [v or float("nan") for v in validations])}
    log_run(
        "train_classifier", name, params, data=table, metrics=curves.summary(), files=[curve_file],
        curve=curves.points, figures={"curve.png": line_figure(lines, "step", "loss · accuracy")},
    )  # fmt: skip
    remove_checkpoints(name)
    return curves.training_seconds


if __name__ == "__main__":
    run_stage("train_classifier", main, tuple(TRAINING_ARMS))
