"""MLflow tracking: one run for each result of a training or scoring stage, however often the stage is run.

The metrics files are the truth and MLflow a view of them: a run carries the fingerprint of its result, and a result
that has a run already is not logged again. MLflow is imported late, since it costs two seconds.
"""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stages.pipeline.errors import InputError
from stages.pipeline.params import Params
from stages.pipeline.stage import fingerprint

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mlflow import MlflowClient

Curve = Sequence[tuple[int, float, float, float | None]]


def repository() -> Path:
    """The DVC repository that this is in; in a workspace of the studies, which are one of their own, the pipeline's.

    Raises InputError outside of any.
    """
    here = Path.cwd().resolve()
    found = [folder for folder in (here, *here.parents) if (folder / ".dvc").is_dir()]
    if not found:
        raise InputError(f"{here}: expected a folder in a DVC repository, whose mlflow.db keeps the runs")
    of_studies = found[0] == here.parent and here.parent.name == "studies" and here.parent.parent in found
    return here.parent.parent if of_studies else found[0]


def tracking_root() -> Path:
    """The folder of mlflow.db: the repository, or the one for which `dvc exp` made this copy below its .dvc/tmp."""
    here = repository()
    copies = [folder for folder in here.parents if folder.parts[-3:] == (".dvc", "tmp", "exps")]
    return copies[-1].parents[2] if copies else here


def run_name(name: str) -> str:
    """A run's name; all conditions of the studies have the same ones, so there their workspace goes before."""
    inside = Path.cwd().resolve().relative_to(repository()).parts
    return f"{inside[1]}/{name}" if len(inside) == 2 and inside[0] == "studies" else name


def log_run(
    experiment: str,
    name: str,
    params: Params,
    *,
    data: Path,
    metrics: dict,
    files: Sequence[Path] = (),
    curve: Curve = (),
    figures: dict[str, "Figure"] | None = None,
) -> None:
    """Log one result, unless it was logged before.

    Args:
        experiment: the stage's name; its runs are what the UI compares.
        name: e.g. "xumx/psi_refined/seed0"; see `run_name`.
        data: the file that says what the result was made from (an arm, a manifest).
        metrics: nested numbers; keys are joined by "/", None is left out.
        files: results to attach; they and `metrics` are what makes a result the same.
        curve: (step, loss, gradient norm, validation or None).
        figures: by file name.

    Raises InputError if MLflow cannot store it.
    """
    name = run_name(name)
    key = fingerprint(experiment, name, params.model_dump(), metrics, *files)
    with mlflow_store(f"MLflow run {name} of {experiment}") as client:
        from mlflow.entities import Dataset, DatasetInput, Metric, Param, RunTag

        run_id = new_run(client, experiment, name, key)
        if run_id is None:
            return
        now = int(time.time() * 1000)
        points = [Metric(k, v, now, 0) for k, v in flatten(metrics).items() if v is not None]
        points += [Metric("training loss", loss, now, step) for step, loss, _, _ in curve]
        points += [Metric("gradient norm", norm, now, step) for step, _, norm, _ in curve]
        points += [Metric("validation", value, now, step) for step, _, _, value in curve if value is not None]
        settings = [Param(k, str(v)) for k, v in flatten(params.model_dump()).items()]
        client.log_batch(run_id, metrics=points, params=settings, tags=[RunTag("data", str(data))])
        client.log_inputs(run_id, [DatasetInput(Dataset(data.stem, fingerprint(data), "local", str(data)))])
        for file in files:
            client.log_artifact(run_id, str(file))
        for file_name, figure in (figures or {}).items():
            client.log_figure(run_id, figure, file_name)
        client.set_terminated(run_id)


@contextmanager
def mlflow_store(what: str) -> Iterator["MlflowClient"]:
    """A client of the repository's mlflow.db, or of MLFLOW_TRACKING_URI; InputError if `what` could not be stored.

    One process at a time: two that open an empty store at once both make its tables, and the second fails.
    """
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # read at import; no stage touches the network
    from filelock import FileLock
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    store = tracking_root() / "mlflow.db"
    if "MLFLOW_TRACKING_URI" not in os.environ and set("%?") & set(str(store)):  # the address of another folder
        raise InputError(f"{store.parent}: expected a folder without % and ? in its path, or MLFLOW_TRACKING_URI set")
    try:
        with FileLock(store.with_suffix(".db.lock")):
            yield MlflowClient(os.environ.get("MLFLOW_TRACKING_URI", f"sqlite:///{store}"))
    except (MlflowException, SQLAlchemyError) as error:
        raise InputError(f"{what} could not be logged: {str(error).splitlines()[0]}") from error


def new_run(client: "MlflowClient", experiment: str, name: str, key: str) -> str | None:
    """The id of a new run for the result with this key; None if it has one, in which case there is nothing to log."""
    found = client.get_experiment_by_name(experiment)
    local = None if "MLFLOW_TRACKING_URI" in os.environ else (tracking_root() / "mlruns" / experiment).as_uri()
    experiment_id = found.experiment_id if found else client.create_experiment(experiment, artifact_location=local)
    for run in client.search_runs([experiment_id], f"tags.result = '{key}'"):
        if run.info.status == "FINISHED":
            return None
        client.delete_run(run.info.run_id)  # a logging that was cut off
    tags = {"result": key, "mlflow.source.git.commit": git_revision(), "mlflow.source.name": f"dvc repro {experiment}"}
    return client.create_run(experiment_id, run_name=name, tags=tags).info.run_id


def flatten(content: dict, prefix: str = "") -> dict:
    """Nested dictionaries as one, keys joined by "/"."""
    flat = {}
    for key, value in content.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}/")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def git_revision() -> str:
    """The commit that is checked out, with "-dirty" where tracked files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        found = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except OSError:  # there is no git to ask
        found = ""
    return found or "not a git checkout"


def line_figure(lines: dict[str, tuple[Sequence[float], Sequence[float]]], x: str, y: str) -> "Figure":
    """A small plot of labelled (x, y) lines, for a run's page."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot(xlabel=x, ylabel=y)
    for label, (xs, ys) in lines.items():
        axes.plot(xs, ys, label=label)
    axes.legend()
    axes.grid(alpha=0.3)
    return figure
