"""DVC stage fine_tune_separator: X-UMX, trained on single-labelled segments, goes on with multi-labelled ones too.

The paper gives no schedule for it (Table 3); here half as many steps again, from a third of the learning rate.
"""

from pathlib import Path

from stages.pipeline.params import Params
from stages.pipeline.publishing import publish_training, training_fingerprint
from stages.pipeline.stage import fingerprint, run_stage
from stages.pipeline.training import Batch, Curves, fit
from stages.separation.mixtures import TrainingMixtures
from stages.separation.networks import NETWORKS, load_separator
from stages.separation.training import validation
from stages.stems.segments import read_arm, stem_root

STEPS, LEARNING_RATE = 1 / 2, 1 / 3  # of those that it was trained with
FROM, ITEM = Path("models/separator/xumx-single_only.safetensors"), "xumx-fine_tuned"


class FurtherMixtures(TrainingMixtures):
    """The mixtures after the first `done` steps: those that the separator has learned from are not drawn again."""

    done = 0

    def __getitem__(self, step: int) -> Batch:
        return super().__getitem__(self.done + step)


def main(params: Params) -> Curves:
    """Write models/separator/xumx-fine_tuned.safetensors, its curve and its metrics."""
    table, network = Path("data/arms/psi_refined.csv"), NETWORKS["xumx"]
    arm, root, name = read_arm(table), stem_root("noisy"), f"xumx/fine_tuned/seed{params.seed}"
    xumx = params.separation.xumx
    settings = xumx.model_copy(update={
        "steps": max(1, round(STEPS * xumx.steps)), "learning_rate": LEARNING_RATE * xumx.learning_rate,
    })  # fmt: skip
    mixtures = FurtherMixtures("psi_refined", arm, root, params, settings)
    mixtures.done = xumx.steps
    model = load_separator(FROM, "xumx", params)
    key = fingerprint(training_fingerprint("separation", table, params), FROM)
    curves = fit(
        model, network.loss, mixtures, name=name, settings=settings, compute=params.compute, seed=params.seed,
        fingerprint=key, validate=validation("xumx", "psi_refined", arm, root, params, name=name),
    )  # fmt: skip
    used = params.model_copy(update={"separation": params.separation.model_copy(update={"xumx": settings})})
    publish_training("separator", ITEM, name, used, data=table, model=model, curves=curves)
    return curves


if __name__ == "__main__":
    run_stage("fine_tune_separator", main)
