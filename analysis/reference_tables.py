"""Tables 1 to 3 and the studies over several seeds: mean and standard deviation of each seed's own table."""

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.gap import UNCORRUPTED
from analysis.measurements import macro_average
from analysis.reference import Measured
from analysis.results import LABEL_MEASURES, LABELLED_ARMS, MEASURES, NETWORKS, PIPELINE, SDRS, TABLE2_VALUES, TRAININGS
from stages.refinement.thresholds import GRID
from stages.stems import CLASSES
from stages.stems.segments import ARMS, PROBABILITIES, TRUTHS

# The condition with the noisy catalogue uncorrupted, and trainings as long as the pipeline's or as the other studies',
# which train X-UMX alone for fewer steps.
WITHOUT_NOISE = "uncorrupted"
SHORT_WITHOUT_NOISE = "flips_00"
SDR_METRICS = {"csdr": ("csdr", "median"), "usdr": ("usdr", "mean"), "csdr_mean": ("csdr", "mean")}
DECISIONS = (0.3, 0.5, 0.7, 0.9)  # from which probability on a classifier says a class
LABELS_BY_NOISE = tuple(
    f"{measure}_{labels}" for measure in ("f1", "exact") for labels in ("noisy", "psi_noisy", "psi_refined")
)
# Rows of Table 3 and the training data that they are in `Measured.separation`.
TABLE3 = {
    "noisy": "noisy",
    "proposed": "psi_refined",
    "threshold_0.5": "threshold_0.5",
    "threshold_0.9": "threshold_0.9",
    "adaptive_thresholds": "adaptive",
    "single_labeled_only": "single_only",
    "finetuned_with_multi_labeled": "fine_tuned",
    "self_refining_x5": "round_5",
    "oracle": "oracle",
    "clean": "clean",
}


def with_thresholds(measured: Measured) -> Measured:
    """The arm psi_refined also under the name of the variant that it is: of its threshold."""
    labels = measured.labels
    own = labels.loc[(labels["condition"] == "base") & (labels["labels"] == "psi_refined"), "threshold"].dropna()
    if own.empty:
        return measured
    name = f"threshold_{own.iloc[0]:g}"
    table = measured.separation
    same = table[(table["condition"] == "base") & (table["network"] == "xumx")]
    same = same[same["training_data"] == "psi_refined"].assign(training_data=name)
    return replace(measured, separation=pd.concat([table[table["training_data"] != name], same], ignore_index=True))


def with_uncorrupted(measured: Measured, conditions: list[str]) -> Measured:
    """Separators of the noisy catalogue without noise, as training data "uncorrupted" of these conditions."""
    table = measured.separation
    same = table[table["training_data"] == "noisy"].assign(training_data=UNCORRUPTED)
    whole, short = (same[same["condition"] == source] for source in (WITHOUT_NOISE, SHORT_WITHOUT_NOISE))
    studies = pd.concat([short[short["network"] == "xumx"], whole[whole["network"] != "xumx"]])
    added = [(whole if name == "pipeline" else studies).assign(condition=name) for name in conditions]
    return replace(measured, separation=pd.concat([table, *added], ignore_index=True))


def sdr_by_seed(separation: pd.DataFrame) -> pd.DataFrame:
    """Every run's SDR: condition, seed, network, training_data, metric, each class, avg.

    csdr is the median over songs, usdr the mean, as in Table 2; csdr_mean the mean of csdr, which claims and studies
    compare; avg is the mean of the classes.
    """
    keys = ["condition", "seed", "network", "training_data"]
    tables = []
    for metric, (column, how) in SDR_METRICS.items():
        values = separation.groupby([*keys, "class"])[column].agg(how).unstack("class")
        values = values.reindex(columns=list(CLASSES)).reset_index()
        tables.append(values.assign(metric=metric, avg=values[list(CLASSES)].mean(axis=1, skipna=False)))
    return pd.concat(tables, ignore_index=True)[[*keys, "metric", *TABLE2_VALUES]]


def table1(classification: pd.DataFrame) -> pd.DataFrame:
    """inputs, training_data, class, then each measure's mean over the seeds, its standard deviation, seeds."""
    rows = classification[classification["condition"] == "pipeline"]
    rows = rows[rows["training_data"].isin(TRAININGS)]
    table = _mean_and_deviation(rows, ["inputs", "training_data", "class"], list(MEASURES))
    return table.sort_values("inputs", ascending=False, kind="stable")


def at_thresholds(decisions: pd.DataFrame) -> pd.DataFrame:
    """inputs, threshold, training_data, then each measure, like Table 1 over the seeds.

    The threshold "best" is that of the highest accuracy on these very inputs, of each classifier and seed.
    """
    heard = {threshold: _heard(decisions, threshold) for threshold in GRID}
    everywhere = pd.concat(heard.values(), ignore_index=True)
    best = everywhere.loc[everywhere.groupby(["inputs", "training_data", "seed"])["accuracy"].idxmax()]
    tables = [heard[threshold].assign(threshold=f"{threshold:g}") for threshold in DECISIONS]
    tables.append(best.assign(threshold="best"))
    table = _mean_and_deviation(pd.concat(tables), ["inputs", "threshold", "training_data"], list(MEASURES))
    return table.sort_values(["inputs", "threshold", "training_data"], ascending=[False, True, True])


def on_several(decisions: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """training_data, then each measure on the mixes that hold two classes or more, like Table 1 over the seeds."""
    several = decisions[(decisions["inputs"] == "multi") & (decisions[TRUTHS].sum(axis=1) >= 2)]
    return _mean_and_deviation(_heard(several, threshold), ["training_data"], list(MEASURES))


def _heard(decisions: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """inputs, training_data, seed, then each measure, averaged over the classes."""
    rows = []
    for names, part in decisions.groupby(["inputs", "training_data", "seed"]):
        said = part[PROBABILITIES].to_numpy() >= threshold, (part[TRUTHS] == 1).to_numpy()
        values = (macro_average(*said, name) for name in MEASURES)
        rows.append([*names, *values])
    return pd.DataFrame(rows, columns=["inputs", "training_data", "seed", *MEASURES])


def label_quality(labels: pd.DataFrame) -> pd.DataFrame:
    """labels (an arm of the noisy catalogue), then each measure's mean, its standard deviation, seeds; as Table 1."""
    rows = labels[(labels["condition"] == "pipeline") & labels["labels"].isin(LABELLED_ARMS)]
    table = _mean_and_deviation(rows, ["labels"], list(LABEL_MEASURES))
    return table.sort_values("labels", key=lambda names: names.map(LABELLED_ARMS.index), kind="stable")


def labels_by_noise(labels: pd.DataFrame, conditions: list[str]) -> pd.DataFrame:
    """condition, then f1_<labels> and exact_<labels> before and after refinement, over the seeds that have all of them.

    Of the nominal labels ("noisy") and those of Ψ_noisy and Ψ_refined; no row where the truth is not known.
    """
    rows = labels[labels["condition"].isin(conditions) & labels["labels"].isin(("noisy", "psi_noisy", "psi_refined"))]
    table = rows.pivot(index=["condition", "seed"], columns="labels", values=["f1", "exact"])
    table.columns = ["_".join(names) for names in table.columns]
    table = table.reindex(columns=LABELS_BY_NOISE).dropna().reset_index()
    table = table.sort_values("condition", key=lambda names: names.map(conditions.index), kind="stable")
    return _mean_and_deviation(table, ["condition"], list(LABELS_BY_NOISE))


def table2(by_seed: pd.DataFrame) -> pd.DataFrame:
    """network, training_data, metric, then each class's and avg's mean over the seeds, standard deviation, seeds."""
    rows = by_seed[(by_seed["condition"] == "pipeline") & by_seed["training_data"].isin(ARMS)]
    rows = rows[rows["metric"].isin(SDRS)]
    table = _mean_and_deviation(rows, ["network", "training_data", "metric"], list(TABLE2_VALUES))
    order = {arm: place for place, arm in enumerate(ARMS)}
    places = table["network"].map(NETWORKS.index) * len(ARMS) + table["training_data"].map(order)
    return table.assign(place=places).sort_values("place", kind="stable").drop(columns="place")


def table3(by_seed: pd.DataFrame) -> pd.DataFrame:
    """variant, metric, then like Table 2; with noisy labels above, the oracle and clean below, for scale."""
    base = by_seed[(by_seed["condition"] == "base") & (by_seed["network"] == "xumx") & by_seed["metric"].isin(SDRS)]
    rows = [base[base["training_data"] == name].assign(variant=variant) for variant, name in TABLE3.items()]
    table = _mean_and_deviation(pd.concat(rows), ["variant", "metric"], list(TABLE2_VALUES))
    return table.sort_values("variant", key=lambda names: names.map(list(TABLE3).index), kind="stable")


def side_by_side(measured: Measured, by_seed: pd.DataFrame, conditions: tuple[str, ...]) -> pd.DataFrame:
    """Classifiers, labels and X-UMX under several conditions, all of it at the same seeds.

    Returns: condition, threshold, then precision_, recall_ and f1_<arm> of the labels of Ψ_noisy and Ψ_refined,
    accuracy of the classifiers (single_noisy, multi_refined, ..., percent), average csdr of X-UMX (xumx_<arm>, dB, mean
    over the songs), each with its standard deviation, and seeds. A value that some condition lacks altogether is NaN.
    No row where there is no seed that has all the others under every condition.
    """
    run = ["condition", "seed"]
    accuracy = measured.classification[measured.classification["class"] == "avg"]
    accuracy = accuracy.assign(name=accuracy["inputs"] + "_" + accuracy["training_data"])
    labels = measured.labels[measured.labels["labels"].isin(("psi_noisy", "psi_refined"))]
    quality = labels.pivot(index=run, columns="labels", values=["precision", "recall", "f1"])
    quality.columns = ["_".join(names) for names in quality.columns]
    sdr = by_seed[(by_seed["network"] == "xumx") & (by_seed["metric"] == "csdr_mean")]
    table = pd.concat([
        labels[labels["labels"] == "psi_noisy"].set_index(run)[["threshold"]], quality,
        accuracy.pivot(index=run, columns="name", values="accuracy"),
        sdr.pivot(index=run, columns="training_data", values="avg").add_prefix("xumx_"),
    ], axis=1).reset_index()  # fmt: skip
    table = table[table["condition"].isin(conditions)]
    table = table.sort_values("condition", key=lambda names: names.map(conditions.index), kind="stable")
    values = [name for name in table.columns if name not in (*run, "threshold")]
    everywhere = table[values].notna().groupby(table["condition"]).any().all()
    compared = [name for name in values if everywhere[name]]
    table = table.assign(**dict.fromkeys(set(values) - set(compared), np.nan)).dropna(subset=compared)
    table = table[table.groupby("seed")["condition"].transform("nunique") == len(conditions)]
    return _mean_and_deviation(table, ["condition", "threshold"], values)


def sdr_of(by_seed: pd.DataFrame, names: list[tuple[str, str]]) -> pd.DataFrame:
    """The average csdr of X-UMX, mean over songs, for each (condition, training data), a row for each seed."""
    chosen = by_seed[(by_seed["network"] == "xumx") & (by_seed["metric"] == "csdr_mean")]
    wanted = pd.MultiIndex.from_tuples(names)
    rows = pd.MultiIndex.from_frame(chosen[["condition", "training_data"]]).isin(wanted)
    return chosen.loc[rows, ["condition", "training_data", "seed", "avg"]]


def cost(timing: pd.DataFrame) -> pd.DataFrame:
    """stage, runs, hours of all of them, in the order of the pipeline."""
    by_stage = timing.groupby("stage")["wall_seconds"]
    table = pd.DataFrame({"runs": by_stage.size(), "hours": by_stage.sum() / 3600})
    rest = [stage for stage in table.index if stage not in PIPELINE]
    return table.loc[[stage for stage in (*PIPELINE, *rest) if stage in table.index]].reset_index()


def _mean_and_deviation(table: pd.DataFrame, keys: list[str], values: list[str]) -> pd.DataFrame:
    """Of the seeds, whose number is that of those with a value: the fewest, where some lack some of them."""
    groups = table.groupby(keys, sort=False)[values]
    mean, deviation = groups.mean(), groups.std().add_suffix("_std")
    counts = groups.count()
    counts = counts.loc[:, counts.any()]  # of a value that nobody has there are no seeds to count
    seeds = counts.min(axis=1) if len(counts.columns) else groups.size()
    return pd.concat([mean, deviation, seeds.rename("seeds")], axis=1).reset_index()
