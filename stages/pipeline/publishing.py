"""What every training leaves behind: weights, its curve, its metrics, and one MLflow run."""

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from stages.pipeline.checkpoints import remove_checkpoints, write_weights
from stages.pipeline.files import atomic_file, write_json
from stages.pipeline.params import Params
from stages.pipeline.stage import code_fingerprint, fingerprint
from stages.pipeline.tracking import line_figure, log_run
from stages.pipeline.training import Curves, Point

if TYPE_CHECKING:
    from torch.nn import Module


def training_fingerprint(section: str, table: Path, params: Params) -> str:
    """A hash of all that a training depends on: its arm's table, a section of the parameters, the code and the device.

    Not the threads and workers: a training may go on with others.
    """
    parameters = {"seed": True, "segments": True, section: True, "compute": {"device", "devices", "num_nodes"}}
    return fingerprint(table, params.model_dump(include=parameters), code_fingerprint(), version("torch"))


def publish_training(
    kind: str, item: str, name: str, params: Params, *, data: Path, model: "Module", curves: Curves
) -> None:
    """Write a training's results, log its run, and forget its checkpoints.

    Writes models/<kind>/<item>.safetensors, curves/<kind>/<item>.csv and metrics/train_<kind>/<item>.json.

    Args:
        kind: "classifier" or "separator".
        name: of the run and its checkpoints.
        data: the arm's table.
    """
    curve_file = Path(f"curves/{kind}/{item}.csv")
    write_weights(model, Path(f"models/{kind}/{item}.safetensors"))
    write_curves(curves, curve_file)
    write_json(Path(f"metrics/train_{kind}/{item}.json"), curves.summary())
    measured = [point for point in curves.points if point.validation is not None]
    lines = {"training loss": ([p.step for p in curves.points], [p.loss for p in curves.points])}
    if measured:
        lines["validation loss"] = ([p.step for p in measured], [p.validation for p in measured])
    log_run(
        f"train_{kind}", name, params, data=data, metrics=curves.summary(), files=[curve_file],
        curve=curves.points, figures={"curve.png": line_figure(lines, "step", "loss")},
    )  # fmt: skip
    remove_checkpoints(name)


def write_curves(curves: Curves, path: Path) -> None:
    """Write the points as CSV, a column for each of their values; validation is empty where it was not measured."""
    lines = [
        f"{p.step},{p.loss:.6g},{p.gradient:.6g},{'' if p.validation is None else format(p.validation, '.6g')}"
        for p in curves.points
    ]
    with atomic_file(path) as temporary:
        temporary.write_text("\n".join([",".join(Point._fields), *lines]) + "\n")
