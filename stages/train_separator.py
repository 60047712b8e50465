"""DVC stage train_separator@{xumx,hdemucs}-{arm}: train a separator on one arm."""

from itertools import product
from pathlib import Path

from stages.pipeline.files import write_json
from stages.pipeline.params import Params
from stages.pipeline.stage import code_fingerprint, fingerprint, run_stage
from stages.pipeline.tracking import line_figure, log_run
from stages.pipeline.training import remove_checkpoints, write_curves, write_weights
from stages.separation.networks import NETWORKS
from stages.separation.training import train_separator
from stages.stems.segments import ARMS, read_arm, stem_root

ITEMS = tuple(f"{network}-{arm}" for network, arm in product(NETWORKS, ARMS))


def main(item: str, params: Params) -> float:
    """Write models/separator/<item>.safetensors, its curve and its metrics; returns the seconds in steps."""
    network, arm = item.split("-")
    table = Path(f"data/arms/{arm}.csv")
    name = f"{network}/{arm}/seed{params.seed}"
    settings = params.model_dump(include={"seed", "separation", "segments"})
    model, curves = train_separator(
        network,
        arm,
        read_arm(table),
        stem_root(arm),
        params,
        name=name,
        fingerprint=fingerprint(table, settings, code_fingerprint()),
    )
    curve_file = Path(f"curves/separator/{item}.csv")
    write_weights(model, Path(f"models/separator/{item}.safetensors"))
    write_curves(curves, curve_file)
    write_json(Path(f"metrics/train_separator/{item}.json"), curves.summary())
    lines = {"training loss": ([p[0] for p in curves.points], [p[1] for p in curves.points])}
    measured = [(step, validation) for step, _, validation in curves.points if validation is not None]
    if measured:
        lines["validation loss"] = tuple(zip(*measured, strict=True))
    log_run(
        "train_separator", name, params, data=table, metrics=curves.summary(), files=[curve_file],
        curve=curves.points, figures={"curve.png": line_figure(lines, "step", "loss")},
    )  # fmt: skip
    remove_checkpoints(name)
    return curves.training_seconds


if __name__ == "__main__":
    run_stage("train_separator", main, ITEMS)
