"""The figures of the studies: means over seeds with their standard deviation, or, of differences, 95 % intervals.

A figure whose runs are missing is not drawn.
"""

from itertools import product

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis import paper
from analysis.gap import ENDS, NOISE, STRATEGIES, UNCORRUPTED
from analysis.make_figures import WIDTH, classifier_lines, draw_separation, draw_thresholds, legend
from analysis.palette import ARM_COLOURS, ARM_NAMES, CLASSIFIER_COLOURS, INK, NETWORK_NAMES, subscripted
from analysis.reference import Measured
from analysis.reference_tables import SHORT_WITHOUT_NOISE, sdr_of, table2
from analysis.results import SDRS, networks_of
from stages.refinement.thresholds import GRID
from stages.stems import CLASSES
from stages.stems.segments import ARMS
from stages.variants.names import BY_TRUTH, RATES, ROUNDS

SWEEP = {f"flips_{rate:02d}": rate for rate in (0, 10, 20, 30, 40, 60)}  # share of flipped sources in %, by condition
LABELS = ("noisy", "psi_noisy", "psi_refined")
GAP_ORDER = ("clean", UNCORRUPTED, "oracle", "psi_refined", "psi_noisy", "psi_clean")
SEPARATED = ("noisy", "psi_refined", "oracle")
KINDS = {"base": "look-alike flips", "uniform": "uniform flips", "bleeding": "bleeding"}
NOISES = {name: f"{rate} % of the sources flipped" for name, rate in SWEEP.items()} | KINDS
NOISES |= {"base": f"{KINDS['base']} (default)"}
STRATEGIES_OF = {"pipeline": "default noise, as in Table 2", "base": "default noise, shorter trainings"}
STRATEGIES_OF |= {name: noise for name, noise in NOISES.items() if name not in STRATEGIES_OF}
ABOVE_NOISY = "SDR above training on the noisy labels, in dB"
# Of `STRATEGIES`; the others have the colour of what they are called after.
COLOURED_AS = {"single_only": "psi_refined", BY_TRUTH: "oracle"}
CHANGES = {"removed": ("false negatives", "-o", -0.4), "added": ("false positives", "--s", 0.4)}  # and its place
CLASSIFIERS = ("noisy", "refined", *ROUNDS)  # after 0, 1, 2, ... rounds of self-refining
THEIR_LABELS = ("psi_noisy", "psi_refined", *ROUNDS)


def study_figures(
    measured: Measured, by_seed: pd.DataFrame, gaps: pd.DataFrame, noises: pd.DataFrame, strategies: pd.DataFrame
) -> dict[str, Figure]:
    """By file name.

    Args:
        by_seed: from `analysis.reference_tables.sdr_by_seed`.
        gaps: from `analysis.gap.gap_table`.
        noises, strategies: from `analysis.gap.noise_table` and `strategies_table`.
    """
    drawn = {
        "gap.png": draw_gap(gaps),
        "separation.png": draw_table2(by_seed),
        "figure4.png": draw_figure4(measured.decisions),
        "strategies.png": draw_strategies(strategies),
        "noise.png": draw_noises(noises),
        "noise_sweep.png": draw_noise_sweep(measured, by_seed),
        "kinds_of_noise.png": draw_kinds(measured, by_seed),
        "false_labels.png": draw_false_labels(by_seed),
        "threshold_curve.png": draw_threshold_curve(measured, by_seed),
        "rounds.png": draw_rounds(measured),
    }
    return {name: figure for name, figure in drawn.items() if figure}


def draw_gap(gaps: pd.DataFrame) -> Figure | None:
    """What each training set gives above the noisy labels: mean, 95 % interval, and every seed; a panel per network."""
    networks = networks_of(gaps)
    if not networks:
        return None
    order = [arm for arm in GAP_ORDER if arm in set(gaps["training_data"])]
    figure = Figure(figsize=(WIDTH, 3.2), layout="constrained")
    axes = figure.subplots(1, len(networks), sharex=True, sharey=True, squeeze=False)[0]
    for ax, network in zip(axes, networks, strict=True):
        for row in gaps[gaps["network"] == network].to_dict("records"):
            arm = row["training_data"]
            _draw_gain(ax, order.index(arm), [row[name] for name in ("gain", "low", "high")], row["by_seed"], arm)
        _gain_axes(ax, [ARM_NAMES[arm] for arm in order])
        ax.set_xlabel(ABOVE_NOISY)
        ax.set_title(NETWORK_NAMES[network])
    return figure


def draw_strategies(strategies: pd.DataFrame) -> Figure | None:
    """Like `draw_gap`, by what is done with the noisy labels; a row of panels per noise. Filtering has open circles."""
    if strategies.empty:
        return None
    conditions = [name for name in STRATEGIES_OF if name in set(strategies["condition"])]
    networks = networks_of(strategies)
    order = [name for name in STRATEGIES if name in set(strategies["strategy"])]
    figure = Figure(figsize=(WIDTH, 0.8 + 2.6 * len(conditions)), layout="constrained")
    axes = figure.subplots(len(conditions), len(networks), sharex=True, sharey=True, squeeze=False)
    for ax, (condition, network) in zip(axes.flat, product(conditions, networks), strict=True):
        here = strategies[(strategies["condition"] == condition) & (strategies["network"] == network)]
        for row in here.to_dict("records"):
            strategy, gain = row["strategy"], [row["gain" + end] for end in ENDS]
            arm = COLOURED_AS.get(strategy, strategy.removeprefix("filtered_by_"))
            _draw_gain(ax, order.index(strategy), gain, row["by_seed"], arm, hollow="filtered" in strategy)
        _gain_axes(ax, [STRATEGIES[name] for name in order])
        ax.locator_params(axis="x", nbins=6)
        ax.set_title(f"{NETWORK_NAMES[network]}\n{STRATEGIES_OF[condition]}")
        if here.empty:
            ax.text(0.5, 0.5, "not run", transform=ax.transAxes, ha="center", color=INK)
    figure.supxlabel(ABOVE_NOISY, fontsize="medium")
    return figure


def _draw_gain(ax: Axes, place: int, gain: list[float], by_seed: str, arm: str, hollow: bool = False) -> None:
    """One row: a gain with its interval, (value, low, high), and below it each seed's."""
    colour = ARM_COLOURS.get(arm, INK)
    value, low, high = gain
    seeds = [float(one) for one in by_seed.split("/")]
    ax.plot([low, high], [place, place], color=colour, linewidth=3, solid_capstyle="round")
    ax.plot(value, place, "o", color=colour, markersize=9, markerfacecolor="white" if hollow else colour)
    ax.plot(seeds, [place + 0.3] * len(seeds), "|", color=colour, markersize=7, markeredgewidth=1.4)


def _gain_axes(ax: Axes, names: list[str]) -> None:
    ax.axvline(0, color=ARM_COLOURS["noisy"], linewidth=2)
    ax.set_yticks(range(len(names)), [subscripted(name) for name in names])
    ax.set_ylim(len(names) - 0.4, -0.5)
    ax.grid(axis="y", visible=False)


def draw_noises(noises: pd.DataFrame) -> Figure | None:
    """What each noise costs X-UMX and what is won back, paired differences with their 95 % intervals.

    Against the share of flipped sources, where there are two shares at least, and by kind of noise.
    """
    table = noises[noises["network"] == "xumx"]  # Hybrid Demucs was run at too few shares for a line
    table = table.assign(rate=table["condition"].map(SWEEP)).set_index("condition")
    sweep, kinds = table[table["rate"].notna()], table.loc[[kind for kind in KINDS if kind in table.index]]
    if len(sweep) < 2 or kinds.empty:
        return None
    figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    for place, (name, arm) in enumerate(NOISE.items()):
        how = {"color": ARM_COLOURS.get(arm, INK), "marker": "o", "markersize": 6, "linewidth": 2, "elinewidth": 1.6}
        for ax, part, at, line in ((left, sweep, sweep["rate"] + 0.8 * (place - 1), "-"),
                                   (right, kinds, np.arange(len(kinds)) + 0.2 * (place - 1), "")):  # fmt: skip
            value, low, high = (part[name + end] for end in ENDS)
            label = subscripted(ARM_NAMES[arm]) if ax is left else None
            ax.errorbar(at, value, (value - low, high - value), linestyle=line, label=label, **how)
    left.set(xlabel="flipped sources in %", ylabel="SDR of X-UMX above training\non the noisy labels, in dB",
             xticks=list(SWEEP.values()))  # fmt: skip
    right.set_xticks(range(len(kinds)), [KINDS[kind] for kind in kinds.index])
    right.grid(axis="x", visible=False)
    for ax in (left, right):
        ax.axhline(0, color=ARM_COLOURS["noisy"], linewidth=2, zorder=0)
    left.legend(frameon=False, loc="upper left")
    return figure


def draw_table2(by_seed: pd.DataFrame) -> Figure | None:
    """Table 2 over the seeds, if all of it was run."""
    table = table2(by_seed)
    complete = len(table) == table["network"].nunique() * len(ARMS) * len(SDRS)
    return draw_separation(table, paper.table2()) if complete and len(table) else None


def draw_figure4(decisions: pd.DataFrame) -> Figure | None:
    """Precision and recall against the threshold on single stems, a column per class, a line per classifier."""
    single = decisions[decisions["inputs"] == "single"]
    if single.empty:
        return None
    rows = []
    for (training, seed), part in single.groupby(["training_data", "seed"]):
        for name in CLASSES:
            said = part[f"p_{name}"].to_numpy()[None] >= GRID[:, None]
            true = part[f"true_{name}"].to_numpy() == 1
            hits, given = (said & true).sum(axis=1), said.sum(axis=1)
            with np.errstate(invalid="ignore"):
                values = {"precision": hits / given, "recall": hits / true.sum()}
            for measure, value in values.items():
                keys = {"training": training, "seed": seed, "class": name, "measure": measure}
                rows.append(pd.DataFrame({"threshold": GRID, "value": value}).assign(**keys))
    return draw_thresholds(pd.concat(rows, ignore_index=True))


def draw_noise_sweep(measured: Measured, by_seed: pd.DataFrame) -> Figure | None:
    """Against the share of flipped sources: accuracy of Ψ, how right the labels are, SDR."""
    accuracy = measured.classification[
        measured.classification["condition"].isin(SWEEP)
        & (measured.classification["inputs"] == "multi") & (measured.classification["class"] == "avg")
    ]  # fmt: skip
    labels = measured.labels[measured.labels["condition"].isin(SWEEP) & measured.labels["labels"].isin(LABELS)]
    sdr = sdr_of(by_seed, [(condition, arm) for condition in SWEEP for arm in SEPARATED])
    if sdr.empty:
        return None
    sdr = in_common(sdr)
    accuracy, labels = (table[table["seed"].isin(sdr["seed"])] for table in (accuracy, labels))
    figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
    panels = (
        (accuracy, "training_data", "accuracy", CLASSIFIER_COLOURS, "accuracy on mixes in %", "classifier Ψ"),
        (labels, "labels", "f1", ARM_COLOURS, "F1 of the labels", "labels"),
        (sdr, "training_data", "avg", ARM_COLOURS, "average SDR in dB", "X-UMX"),
    )
    for ax, (table, hue, value, palette, label, title) in zip(figure.subplots(1, 3), panels, strict=True):
        table = table.assign(rate=table["condition"].map(SWEEP))
        sns.lineplot(
            table, x="rate", y=value, hue=hue, palette=palette, errorbar="sd", err_style="bars", marker="o",
            markersize=5, linewidth=2, legend=False, ax=ax,
        )  # fmt: skip
        ax.set(xlabel="flipped sources in %", ylabel=label, xticks=list(SWEEP.values()))
        ax.set_title(title)
    figure.axes[0].legend(handles=classifier_lines(("noisy", "refined")), frameon=False, loc="lower left")
    legend_with_uncorrupted(figure, by_seed, sdr)
    return figure


def draw_kinds(measured: Measured, by_seed: pd.DataFrame) -> Figure | None:
    """At the same share of contaminated stems, by kind of noise: how right the labels are, and SDR."""
    sdr = sdr_of(by_seed, [(kind, arm) for kind in KINDS for arm in SEPARATED])
    labels = measured.labels[measured.labels["condition"].isin(KINDS) & measured.labels["labels"].isin(LABELS)]
    if set(sdr["condition"]) != set(KINDS):
        return None
    sdr = in_common(sdr)
    labels = labels[labels["seed"].isin(sdr["seed"])]
    figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
    panels = ((labels, "labels", "f1", "F1 of the labels", LABELS, "labels"),
              (sdr, "training_data", "avg", "average SDR in dB", SEPARATED, "X-UMX"))  # fmt: skip
    for ax, (table, hue, value, label, order, title) in zip(figure.subplots(1, 2), panels, strict=True):
        sns.pointplot(
            table, x="condition", y=value, order=list(KINDS), hue=hue, hue_order=order, palette=ARM_COLOURS,
            errorbar="sd", dodge=0.35, linestyle="none", markersize=7, err_kws={"linewidth": 2}, legend=False, ax=ax,
        )  # fmt: skip
        ax.set(xlabel="", ylabel=label)
        ax.set_xticks(range(len(KINDS)), list(KINDS.values()))
        ax.grid(axis="x", visible=False)
        ax.set_title(title)
    legend_with_uncorrupted(figure, by_seed, sdr)
    return figure


def legend_with_uncorrupted(figure: Figure, by_seed: pd.DataFrame, beside: pd.DataFrame) -> None:
    """The legend of a figure on noise.

    With a line in its last axes for the same stems uncorrupted, at the seeds of what it is beside, if that was run.
    """
    handles = _arm_lines(("noisy", "psi_noisy", "psi_refined", "oracle"))
    level = sdr_of(by_seed, [(SHORT_WITHOUT_NOISE, "noisy")])
    level = level.loc[level["seed"].isin(beside["seed"]), "avg"]
    if len(level):
        how = {"color": INK, "linewidth": 1.2, "linestyle": "--"}
        figure.axes[-1].axhline(level.mean(), **how)
        handles.append(Line2D([], [], **how, label=ARM_NAMES[UNCORRUPTED]))
    legend(figure, handles)


def draw_false_labels(by_seed: pd.DataFrame) -> Figure | None:
    """SDR against the number of labels removed from, or added to, the true ones."""
    names = {f"{change}_{rate}": (change, rate) for change in CHANGES for rate in RATES}
    table = sdr_of(by_seed, [("base", name) for name in (*names, "oracle")])
    if len(set(table["training_data"])) < 3:
        return None
    table = in_common(table)
    figure = Figure(figsize=(WIDTH * 0.6, 3.6), layout="constrained")
    ax = figure.subplots()
    for change, (label, line, place) in CHANGES.items():
        rates = {"oracle": 0, **{name: rate for name, (kind, rate) in names.items() if kind == change}}
        values = table.groupby(table["training_data"].map(rates))["avg"]
        mean = values.mean()
        ax.errorbar(mean.index + place, mean, values.std(), fmt=line, color=INK, linewidth=1.6, label=label)
    ax.set(xlabel="labels removed or added, in % of the true ones", ylabel="average SDR of X-UMX in dB",
           xticks=(0, *RATES))  # fmt: skip
    ax.legend(frameon=False, loc="lower left")
    return figure


def draw_threshold_curve(measured: Measured, by_seed: pd.DataFrame) -> Figure | None:
    """Precision and recall of the labels of Ψ_refined, and the SDR that they give, against the threshold."""
    labels = measured.labels[
        (measured.labels["condition"] == "base")
        & (measured.labels["labels"].str.startswith("threshold_") | (measured.labels["labels"] == "psi_refined"))
    ]
    sdr = by_seed[by_seed["training_data"].str.startswith("threshold_") & (by_seed["metric"] == "csdr_mean")]
    if sdr["training_data"].nunique() < 3:  # two points say nothing of a curve
        return None
    sdr = in_common(sdr)
    labels = labels[labels["seed"].isin(sdr["seed"])]
    figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True)
    for measure, line, marker in (("precision", "-", "o"), ("recall", "--", "s")):
        sns.lineplot(
            labels, x="threshold", y=measure, errorbar="sd", err_style="bars", linestyle=line, marker=marker,
            linewidth=2, color=ARM_COLOURS["psi_refined"], label=measure, ax=left,
        )  # fmt: skip
    sns.lineplot(
        sdr.assign(threshold=sdr["training_data"].str.removeprefix("threshold_").astype(float)), x="threshold", y="avg",
        errorbar="sd", err_style="bars", marker="o", linewidth=2, color=ARM_COLOURS["psi_refined"], ax=right,
    )  # fmt: skip
    left.set(xlim=(0, 1.03), xlabel="threshold", ylabel="share")
    left.set_title("labels of " + subscripted("Ψ_refined"))
    right.set(xlabel="threshold", ylabel="average SDR of X-UMX in dB")
    right.set_title("X-UMX trained on them")
    left.legend(frameon=False)
    return figure


def draw_rounds(measured: Measured) -> Figure | None:
    """Accuracy of the classifier and F1 of its labels in every round of self-refining."""
    base = measured.classification[
        (measured.classification["condition"] == "base") & (measured.classification["class"] == "avg")
    ]
    accuracy = base[base["training_data"].isin(CLASSIFIERS)]
    labels = measured.labels[(measured.labels["condition"] == "base") & measured.labels["labels"].isin(THEIR_LABELS)]
    if accuracy["training_data"].nunique() < 3:
        return None
    accuracy = in_common(accuracy)
    labels = labels[labels["seed"].isin(accuracy["seed"])]
    figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True)
    shared = {"x": "round", "errorbar": "sd", "err_style": "bars", "linewidth": 2, "color": INK}
    accuracy = accuracy.assign(round=accuracy["training_data"].map(CLASSIFIERS.index))
    for inputs, line, marker in (("single", "--", "s"), ("multi", "-", "o")):
        part = accuracy[accuracy["inputs"] == inputs]
        how = {"linestyle": line, "marker": marker}
        sns.lineplot(part, y="accuracy", **how, label=f"{inputs}-label inputs", ax=left, **shared)
    labels = labels.assign(round=labels["labels"].map(THEIR_LABELS.index))
    for measure, line, marker in (("f1", "-", "o"), ("precision", ":", "^"), ("recall", "--", "s")):
        how = {"linestyle": line, "marker": marker}
        sns.lineplot(labels, y=measure, **how, label=measure.replace("f1", "F1"), ax=right, **shared)
    left.set(xlabel="rounds of self-refining", ylabel="accuracy in %", xticks=range(6))
    left.set_title("classifier on the test set")
    right.set(xlabel="rounds of self-refining", ylabel="share")
    right.set_title("its labels of the noisy stems")
    left.legend(frameon=False)
    right.legend(frameon=False)
    return figure


def in_common(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of those seeds that have most rows: every point of a figure is of the same seeds."""
    counts = table.groupby("seed").size()
    return table[table["seed"].isin(counts.index[counts == counts.max()])]


def _arm_lines(arms: tuple[str, ...]) -> list[Line2D]:
    return [Line2D([], [], color=ARM_COLOURS[arm], linewidth=3, label=subscripted(ARM_NAMES[arm])) for arm in arms]
