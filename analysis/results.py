"""What the stages measured, read into tidy tables."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import nan
from pathlib import Path

import pandas as pd

from analysis.palette import NETWORK_NAMES
from stages.pipeline.errors import InputError
from stages.pipeline.files import read_table
from stages.stems import CLASSES
from stages.stems.segments import ARMS, PROBABILITIES, TRUTHS

TRAININGS = ("clean", "noisy", "refined")  # of the classifier
INPUTS = ("single", "multi")
MEASURE_DECIMALS = {"accuracy": 1, "f1": 3, "precision": 3, "recall": 3}  # of Table 1, accuracy in percent
MEASURES = tuple(MEASURE_DECIMALS)
SCALES = ("mixture", "ideal_ratio_mask")  # rows for scale: no network, no training
NETWORKS = tuple(name for name in NETWORK_NAMES if name not in SCALES)
SDRS = ("csdr", "usdr")
TABLE2_VALUES = (*CLASSES, "avg")
LABELLED_ARMS = tuple(arm for arm in ARMS if arm != "clean")  # the arms made of the noisy catalogue
LABEL_COUNTS = ("segments", "silent", "unlabelled", "single_labelled", "multi_labelled", "all_labelled")
LABEL_MEASURES = ("accuracy", "precision", "recall", "f1", "exact")

PIPELINE = (
    "build_stems", "corrupt_stems", "check_leaks", "label_segments", "train_classifier", "predict_segments",
    "refine_labels", "score_classifier", "train_separator", "score_separator", "score_bounds",
)  # fmt: skip
NAMES = {"song", "songs", "class", "inputs"}  # columns of text in the stages' tables
WRITTEN_BY = {
    "curves/classifier": "train_classifier",
    "curves/separator": "train_separator",
    "curves/thresholds": "score_classifier",
    "scores/classifier": "score_classifier",
    "scores/separator": "score_separator",
}


def networks_of(table: pd.DataFrame) -> list[str]:
    """The separators that are in a table's column "network", in their order; rows for scale are none."""
    return [network for network in NETWORKS if network in set(table["network"])]


@dataclass(frozen=True)
class Results:
    """Every table has the key columns named here, then values; a value that does not exist is NaN.

    classification: inputs, training_data, class, then accuracy (percent), f1, precision, recall (0..1); Table 1.
    separation: network, training_data, metric (csdr or usdr), then each class and avg (dB); Table 2.
    counts: network, training_data, then songs, unscored_songs, frames, nan_frames, silent_estimates.
    songs: seed, network, training_data, song, class, then csdr and usdr (dB).
    decisions: seed, training_data, inputs, songs (joined by "/"), then p_<class> and true_<class>, of every input.
    threshold: from which probability on the classifiers are scored as saying a class.
    labels: arm, then counts of segments, the threshold, how right the labels are, and what share of the segments of
        each class's stems is not that class alone (all 0..1).
    stems: class, then what share of the noisy stems of that label is contaminated, and what share empty (0..1).
    timing: stage, item, wall_seconds, training_seconds.
    inputs: how many inputs of each kind the classifiers were scored on.
    environment: the machine, or None where it was not recorded.
    """

    classification: pd.DataFrame
    separation: pd.DataFrame
    counts: pd.DataFrame
    songs: pd.DataFrame
    decisions: pd.DataFrame
    threshold: float
    labels: pd.DataFrame
    stems: pd.DataFrame
    timing: pd.DataFrame
    inputs: dict[str, int]
    environment: dict | None


def read_results(root: Path) -> Results:
    """Read all that the tables need from metrics/, scores/ and timing/ under `root`.

    Raises InputError naming the first file that is missing, and the stage that writes it, or that is malformed.
    """
    classification, inputs = read_classification(root)
    separation, counts = read_separation(root)
    return Results(
        classification=classification,
        separation=separation,
        counts=counts,
        songs=read_songs(root),
        decisions=read_decisions(root),
        threshold=read_threshold(root),
        labels=read_labels(root),
        stems=read_stems(root),
        timing=read_timing(root),
        inputs=inputs,
        environment=read_environment(root),
    )


def read_classification(root: Path) -> tuple[pd.DataFrame, dict[str, int]]:
    """`Results.classification` and `Results.inputs`."""
    rows, counts = [], {}
    for training in TRAININGS:
        file = f"metrics/score_classifier/{training}.json"
        content = read_json(root, file)
        counts |= {inputs: int(number(content, file, inputs, "inputs")) for inputs in INPUTS}
        rows += [[inputs, training, *others] for inputs, *others in classifier_scores(content, file)]
    table = pd.DataFrame(rows, columns=["inputs", "training_data", "class", *MEASURES])
    return table.sort_values("inputs", key=lambda column: column.map(INPUTS.index), kind="stable"), counts


def classifier_scores(content: dict, file: str) -> Iterator[list]:
    """inputs, class, accuracy (percent), f1, precision, recall of a classifier, from the JSON of its score stage."""
    for inputs in INPUTS:
        for name in (*CLASSES, "avg", "pooled"):
            accuracy, *others = (number(content, file, inputs, name, measure) for measure in MEASURES)
            yield [inputs, name, 100 * accuracy, *others]


def scored_models() -> list[tuple[str, str, str]]:
    """(file name, network, training data) of every row of Table 2, the rows for scale last."""
    models = [(f"{network}-{arm}", network, arm) for network in NETWORKS for arm in ARMS]
    return models + [(scale, scale, "-") for scale in SCALES]


def read_separation(root: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`Results.separation` and `Results.counts`."""
    rows, counts = [], []
    for name, network, arm in scored_models():
        file = f"metrics/score_separator/{name}.json"
        content = read_json(root, file)
        for metric in SDRS:
            values = [number(content, file, metric, column, may_be_null=True) for column in TABLE2_VALUES]
            rows.append([network, arm, metric, *values])
        keys = ("songs", "unscored_songs", "frames", "nan_frames", "silent_estimates")
        counts.append([network, arm, *(int(number(content, file, key)) for key in keys)])
    table = pd.DataFrame(rows, columns=["network", "training_data", "metric", *TABLE2_VALUES])
    return table, pd.DataFrame(counts, columns=["network", "training_data", *keys])


def read_songs(root: Path) -> pd.DataFrame:
    """`Results.songs`, of the networks alone; one run is one seed, here called 0."""
    tables = []
    for name, network, arm in scored_models():
        if network in NETWORKS:
            table = read_csv(root, f"scores/separator/{name}.csv", ["song", "class", *SDRS])
            tables.append(table.assign(seed=0, network=network, training_data=arm))
    return pd.concat(tables, ignore_index=True)[["seed", "network", "training_data", "song", "class", *SDRS]]


def read_decisions(root: Path) -> pd.DataFrame:
    """`Results.decisions`."""
    columns = ["inputs", "songs", *PROBABILITIES, *TRUTHS]
    tables = [read_csv(root, f"scores/classifier/{t}.csv", columns).assign(training_data=t) for t in TRAININGS]
    return pd.concat(tables, ignore_index=True).assign(seed=0)[["seed", "training_data", *columns]]


def read_threshold(root: Path) -> float:
    """`Results.threshold`, which all classifiers have in common."""
    file = f"metrics/score_classifier/{TRAININGS[0]}.json"
    return number(read_json(root, file), file, "threshold")


def read_labels(root: Path) -> pd.DataFrame:
    """`Results.labels`; how right the labels are is NaN where the truth is unknown."""
    rows = []
    for arm in LABELLED_ARMS:
        file = f"metrics/{'label_segments' if arm == 'noisy' else 'refine_labels'}/{arm}.json"
        content = read_json(root, file)
        row = {"arm": arm}
        row |= {key: int(number(content, file, key)) for key in LABEL_COUNTS}
        row["threshold"] = number(content, file, "threshold", may_be_null=True)
        known = content.get("label_quality") is not None
        for measure in LABEL_MEASURES:
            row[measure] = number(content, file, "label_quality", measure) if known else nan
        for name in CLASSES:
            for measure in ("precision", "recall"):
                row[f"{name}_{measure}"] = number(content, file, "label_quality", name, measure) if known else nan
            keys = ("label_quality", "contaminated", name)
            row[f"{name}_contaminated"] = number(content, file, *keys, may_be_null=True) if known else nan
        rows.append(row)
    return pd.DataFrame(rows)


def read_stems(root: Path) -> pd.DataFrame:
    """`Results.stems`; NaN where the truth is unknown."""
    file = "metrics/corrupt_stems.json"
    content = read_json(root, file)
    keys = ("contaminated", "empty")
    rows = [[name, *(number(content, file, key, name, may_be_null=True) for key in keys)] for name in CLASSES]
    return pd.DataFrame(rows, columns=["class", *keys])


def read_timing(root: Path) -> pd.DataFrame:
    """`Results.timing`, in the order of the pipeline."""
    files = sorted((root / "timing").glob("*.json"))
    if not files:
        raise InputError("timing/ holds no stage's wall time: run `dvc repro`")
    rows = []
    for path in files:
        file = f"timing/{path.name}"
        content = read_json(root, file)
        seconds = [number(content, file, key) for key in ("wall_seconds", "training_seconds")]
        rows.append([*path.stem.partition("@")[::2], *seconds])
    table = pd.DataFrame(rows, columns=["stage", "item", "wall_seconds", "training_seconds"])
    position = {stage: index for index, stage in enumerate(PIPELINE)}
    return table.sort_values("stage", key=lambda c: c.map(lambda s: position.get(s, len(position))), kind="stable")


def read_environment(root: Path) -> dict | None:
    """`Results.environment`: cpu, cores, threads, device, python and packages (name to version)."""
    file = "metrics/environment.json"
    if not (root / file).exists():
        return None
    content = read_json(root, file)
    missing = {"cpu", "cores", "threads", "device", "python", "packages"} - content.keys()
    if missing or not isinstance(content["packages"], dict):
        raise InputError(
            f"{file}: expected cpu, cores, threads, device, python and an object of packages, got {list(content)}"
        )
    return content


def read_threshold_curves(root: Path) -> pd.DataFrame:
    """Figure 4 in long form: training, class, threshold, measure (precision or recall), value (NaN if undefined)."""
    columns = ["class", "threshold", "precision", "recall"]
    tables = [read_csv(root, f"curves/thresholds/{t}.csv", columns).assign(training=t) for t in TRAININGS]
    return pd.concat(tables, ignore_index=True).melt(
        ["training", "class", "threshold"], ["precision", "recall"], var_name="measure"
    )


def read_training_curves(root: Path) -> pd.DataFrame:
    """Curves of every training: model (classifier or a network), training_data, step, loss, gradient, validation."""
    names = [("classifier", f"classifier/{training}", training) for training in TRAININGS]
    names += [(network, f"separator/{name}", arm) for name, network, arm in scored_models() if network in NETWORKS]
    columns = ["step", "loss", "gradient", "validation"]
    tables = [
        read_csv(root, f"curves/{name}.csv", columns).assign(model=model, training_data=data)
        for model, name, data in names
    ]
    return pd.concat(tables, ignore_index=True)[["model", "training_data", *columns]]


def writer_of(file: str) -> str:
    """The DVC stage that writes a metrics, curves or scores file, e.g. "score_separator@xumx-noisy"."""
    folder, name = file.rsplit("/", 1)
    item = name.rsplit(".", 1)[0]
    if folder == "metrics":
        return item
    stage = "score_bounds" if item in SCALES else WRITTEN_BY.get(folder, folder.removeprefix("metrics/"))
    return f"{stage}@{item}"


def read_json(root: Path, file: str) -> dict:
    """Read a JSON object; raises InputError naming the file and, where it is missing, the stage to run."""
    try:
        content = json.loads((root / file).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{file} is missing: run `dvc repro {writer_of(file)}`") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"{file}: expected an object, got {type(content).__name__}")
    return content


def read_csv(root: Path, file: str, columns: list[str]) -> pd.DataFrame:
    """Read a CSV with these columns, numbers in all but the columns of names; raises InputError like `read_json`."""
    try:
        table = read_table(root / file, columns, NAMES)
    except FileNotFoundError as error:
        raise InputError(f"{file} is missing: run `dvc repro {writer_of(file)}`") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot be read as CSV: {error}") from error
    if list(table.columns) != columns:
        raise InputError(f"{file}: expected the columns {','.join(columns)}, got {','.join(table.columns)}")
    for column in set(columns) - NAMES:
        if not pd.api.types.is_numeric_dtype(table[column]):
            raise InputError(f"{file}: expected numbers in column {column}")
    return table


def number(content: dict, file: str, *keys: str, may_be_null: bool = False) -> float:
    """The number at a path of keys, NaN for an allowed null; raises InputError naming the file and the path."""
    value = content
    for key in keys:
        value = value.get(key, "nothing") if isinstance(value, dict) else "nothing"
    if value is None and may_be_null:
        return nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{file}: expected a number at {'.'.join(keys)}, got {value!r:.40}")
    return float(value)
