"""Draw results/figures/ from the stages' metrics and curves: same names and colours everywhere, equal bytes.

Run `python analysis/make_figures.py` from the repository's root; it takes seconds.
"""

import sys
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd

matplotlib.use("Agg")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, not as a module

import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, PercentFormatter, StrMethodFormatter
from PIL import Image

from analysis import paper
from analysis.overview import draw_overview
from analysis.palette import (
    ARM_COLOURS,
    ARM_NAMES,
    CLASSIFIER_COLOURS,
    CLASSIFIER_NAMES,
    INK,
    NETWORK_NAMES,
    subscripted,
)
from analysis.results import (
    LABELLED_ARMS,
    NETWORKS,
    TABLE2_VALUES,
    TRAININGS,
    networks_of,
    read_labels,
    read_separation,
    read_threshold_curves,
    read_training_curves,
)
from stages.pipeline.errors import errors_as_one_line
from stages.pipeline.files import atomic_file
from stages.stems import CLASSES
from stages.stems.segments import ARMS

DPI = 150
WIDTH = 9.0  # inches


def make_figures(root: Path, folder: Path) -> None:
    """Draw every figure from what the stages measured under `root` into `folder`.

    label_quality.png needs the truth of the labels; where that is unknown there is nothing to draw, and none is.
    Raises InputError naming the first file that is missing or malformed.
    """
    style()
    labels = read_labels(root)
    figures = {
        "overview.png": draw_overview(),
        "thresholds.png": draw_thresholds(read_threshold_curves(root), labels["threshold"].max()),
        "separation.png": draw_separation(read_separation(root)[0], paper.table2()),
        "training_curves.png": draw_training_curves(read_training_curves(root)),
    }
    if labels["exact"].notna().all():
        figures["label_quality.png"] = draw_label_quality(labels)
    for name, figure in figures.items():
        save(figure, folder / name)


def save(figure: Figure, path: Path) -> None:
    """Write a PNG of 256 colours without version or date: small, and equal bytes for equal figures."""
    pixels = BytesIO()
    figure.savefig(pixels, format="png", dpi=DPI)
    with Image.open(pixels) as image, atomic_file(path) as temporary:
        image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(temporary, optimize=True)


def style() -> None:
    """Fonts that ship with matplotlib and stay legible at the width of a README."""
    matplotlib.rcdefaults()
    sns.set_theme(
        style="whitegrid",
        font="DejaVu Sans",
        rc={
            "font.size": 11, "axes.titlesize": 12, "axes.labelsize": 11, "xtick.labelsize": 10.5,
            "ytick.labelsize": 10.5, "legend.fontsize": 10.5, "text.color": INK, "axes.labelcolor": INK,
            "xtick.color": INK, "ytick.color": INK, "axes.edgecolor": "#bbbbbb", "grid.color": "#e6e6e6",
            "axes.titleweight": "bold", "axes.titlelocation": "left", "axes.axisbelow": True,
        },
    )  # fmt: skip


def draw_thresholds(curves: pd.DataFrame, threshold: float = np.nan) -> Figure:
    """Figure 4: precision and recall against the threshold, a column per class, a line per classifier.

    Args:
        curves: as from `read_threshold_curves`; of several seeds, their mean and standard deviation are drawn.
        threshold: of the refinement, marked; NaN for none.
    """
    figure = Figure(figsize=(WIDTH, 5.0), layout="constrained")
    axes = figure.subplots(2, len(CLASSES), sharex=True, sharey="row")
    for row, measure in enumerate(("precision", "recall")):
        for column, name in enumerate(CLASSES):
            ax = axes[row, column]
            part = curves[(curves["measure"] == measure) & (curves["class"] == name)]
            ax.axvline(threshold, color=INK, linewidth=1, linestyle=":")
            sns.lineplot(
                part, x="threshold", y="value", hue="training", palette=CLASSIFIER_COLOURS, hue_order=TRAININGS,
                linewidth=2, errorbar="sd", legend=False, ax=ax,
            )  # fmt: skip
            ax.set(xlim=(0, 1), xlabel="threshold" if row else "", ylabel="" if column else measure)
            ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
            ax.set_title("" if row else name)
    mark = Line2D([], [], color=INK, linewidth=1, linestyle=":", label="threshold of the refinement")
    legend(figure, [*classifier_lines(), *([] if np.isnan(threshold) else [mark])])
    return figure


def draw_separation(ours: pd.DataFrame, theirs: pd.DataFrame) -> Figure:
    """Table 2: frame-wise SDR, a panel per network, a bar per arm, the paper's value as a diamond.

    Args:
        ours, theirs: in the form of `Results.separation`; ours may have the standard deviation over seeds of each
            value, too (vocals_std, ..., avg_std), which is drawn.
    """
    figure = Figure(figsize=(WIDTH, 6.4), layout="constrained")
    networks = networks_of(ours)
    axes = figure.subplots(len(networks), 1, sharex=True, sharey=True)
    order = ("avg", *CLASSES)
    for ax, network in zip(axes, networks, strict=True):
        bars, marks = (
            table[(table["network"] == network) & (table["metric"] == "csdr")]
            .melt("training_data", list(TABLE2_VALUES), var_name="class", value_name="sdr")
            .set_index(["class", "training_data"])["sdr"]
            for table in (ours, theirs)
        )
        for index, arm in enumerate(ARMS):
            places = [group + (index - 2) * 0.165 for group in range(len(order))]
            heights = [bars[name, arm] for name in order]
            ax.bar(places, heights, width=0.15, color=ARM_COLOURS[arm], linewidth=0)
            if "avg_std" in ours:
                row = ours[(ours["network"] == network) & (ours["metric"] == "csdr") & (ours["training_data"] == arm)]
                spread = [row[f"{name}_std"].item() for name in order]
                ax.errorbar(places, heights, spread, linestyle="", color=INK, linewidth=1.2)
            ax.scatter(
                places, [marks.get((name, arm), np.nan) for name in order],  # not every network is the paper's
                marker="D", s=26, facecolor="white", edgecolor=INK, linewidth=1.2, zorder=3,
            )  # fmt: skip
        ax.axhline(0, color=INK, linewidth=0.8)
        ax.axvline(0.5, color="#bbbbbb", linewidth=1)
        ax.grid(axis="x", visible=False)
        ax.set(xlim=(-0.5, len(order) - 0.5), ylabel="frame-wise SDR in dB")
        ax.set_title(NETWORK_NAMES[network])
        ax.set_xticks(range(len(order)), ["average", *CLASSES])
    handles = [Patch(color=ARM_COLOURS[arm], label=subscripted(ARM_NAMES[arm])) for arm in ARMS]
    handles.append(
        Line2D([], [], linestyle="", marker="D", markersize=5, markerfacecolor="white", markeredgecolor=INK,
               markeredgewidth=1.2, label="the paper's value")
    )  # fmt: skip
    legend(figure, handles, columns=3)
    return figure


def draw_label_quality(labels: pd.DataFrame) -> Figure:
    """How right the labels are, nominal (noisy) and refined: over all classes, then precision and recall of each.

    Args:
        labels: from `read_labels`, with the truth known.
    """
    figure = Figure(figsize=(WIDTH, 6.6), layout="constrained")
    axes = figure.subplots(3, 1)
    panels = [
        ("all classes", {"exact": "exactly right segments", "precision": "precision", "recall": "recall", "f1": "F1"}),
        ("precision: how many of the labels given are true", {f"{name}_precision": name for name in CLASSES}),
        ("recall: how many of the true labels are given", {f"{name}_recall": name for name in CLASSES}),
    ]
    for ax, (title, columns) in zip(axes, panels, strict=True):
        part = labels.melt("arm", list(columns), var_name="measure", value_name="share")
        sns.barplot(
            part, x="measure", y="share", hue="arm", hue_order=LABELLED_ARMS, palette=ARM_COLOURS, saturation=1,
            width=0.8, gap=0.08, linewidth=0, legend=False, ax=ax,
        )  # fmt: skip
        for bars in ax.containers:
            ax.bar_label(bars, labels=[f"{100 * value:.0f}" for value in bars.datavalues], fontsize=9, padding=1)
        ax.set(ylim=(0, 1.12), xlabel="", ylabel="")
        ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
        ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        ax.set_xticks(range(len(columns)), list(columns.values()))
        ax.grid(axis="x", visible=False)
        ax.set_title(title)
    legend(figure, [Patch(color=ARM_COLOURS[arm], label=subscripted(ARM_NAMES[arm])) for arm in LABELLED_ARMS])
    return figure


def draw_training_curves(curves: pd.DataFrame) -> Figure:
    """Training loss, validation loss (dashed) and gradient norm of every training, a column per model.

    The losses of the first steps may lie above the picture.

    Args:
        curves: from `read_training_curves`.
    """
    figure = Figure(figsize=(WIDTH, 7.6), layout="constrained")
    titles = {"classifier": "classifier Ψ", **{network: NETWORK_NAMES[network] for network in NETWORKS}}
    axes = figure.subplots(3, len(titles), sharex="col")
    for column, (model, title) in enumerate(titles.items()):
        part = curves[curves["model"] == model]
        colours = CLASSIFIER_COLOURS if model == "classifier" else ARM_COLOURS
        for ax, measure, label, line in (
            (axes[0, column], "loss", "training loss", "-"),
            (axes[1, column], "validation", "validation loss", "--"),
            (axes[2, column], "gradient", "largest gradient norm", "-"),
        ):
            for data, table in part.groupby("training_data"):
                table = table.dropna(subset=measure)
                marker = {"marker": "o", "markersize": 3} if measure == "validation" else {}
                ax.plot(table["step"], table[measure], line, color=colours[data], linewidth=1.6, **marker)
            ax.set_ylabel(label)
            ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        axes[2, column].set_yscale("log")  # what matters is one that is many times the others
        axes[2, column].yaxis.set(
            major_locator=LogLocator(subs=(1, 2, 5)), major_formatter=StrMethodFormatter("{x:g}"),
            minor_formatter=NullFormatter(),
        )  # fmt: skip
        late = part.loc[part["step"] > 0.2 * part["step"].max(), "loss"]  # the first steps would flatten the rest
        axes[0, column].set_ylim(late.min() - 0.1 * np.ptp(late), late.max() + 0.5 * np.ptp(late))
        axes[0, column].set_title(title)
        axes[2, column].set_xlabel("training step")
        axes[2, column].set_xlim(left=0)
    axes[0, 0].legend(handles=classifier_lines(), frameon=False, labelspacing=0.2)
    handles = [Line2D([], [], color=ARM_COLOURS[arm], linewidth=2, label=subscripted(ARM_NAMES[arm])) for arm in ARMS]
    legend(figure, handles, columns=3)
    return figure


def classifier_lines(trainings: Iterable[str] = CLASSIFIER_NAMES) -> list[Line2D]:
    """The classifiers' entries of a legend."""
    return [
        Line2D([], [], color=CLASSIFIER_COLOURS[name], linewidth=2, label=subscripted(CLASSIFIER_NAMES[name]))
        for name in trainings
    ]


def legend(figure: Figure, handles: list, columns: int | None = None) -> None:
    """One legend for the whole figure, below it."""
    figure.legend(handles=handles, loc="outside lower center", ncols=columns or len(handles), frameon=False)


if __name__ == "__main__":
    with errors_as_one_line("results/figures"):
        make_figures(Path(), Path("results/figures"))
