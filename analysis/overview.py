"""A picture of the method: noisy stems, the labels that each classifier gives, the training sets compared.

A schematic drawn from the small example below; it shows no measured number.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from analysis.palette import (
    ARM_COLOURS,
    ARM_NAMES,
    CLASS_COLOURS,
    CLASSIFIER_COLOURS,
    CLASSIFIER_NAMES,
    INK,
    subscripted,
)
from stages.stems import CLASSES
from stages.stems.segments import ARMS

PAPER, EDGE = "#f7f7f7", "#cccccc"
INITIALS = {name[0]: name for name in CLASSES}
# The classes in each of six segments of four stems, by their initials; "-" is silence, or no label.
TRUTH = ("v v vd vd d d", "b b b o o o", "d d - d do d", "v v o o o o")
NOMINAL = ("v v v v v v", "b b b b b b", "d d - d d d", "o o o o o o")
FIRST = ("v v vd d d d", "b b b o - o", "d d - d d d", "v o o o o o")
SECOND = ("v v vd vd d d", "b b b o o o", "d d - d d d", "v v o o o o")

CARD = (2.16, 2.3)  # inches, as all lengths here
STEM, SEGMENT = 0.5, 0.265
HEIGHT = 4.25
BOTTOM = 1.55  # of the cards
ARM_PLACES = {"clean": 0.72, "noisy": 1.92, "psi_clean": 3.72, "psi_noisy": 5.28, "psi_refined": 7.86}
ARM_SIZES = {"clean": 0.9, "noisy": 0.9, "psi_clean": 1.4, "psi_noisy": 1.4, "psi_refined": 1.5}


def draw_overview() -> Figure:
    """Noisy stems → Ψ_noisy → refined labels → Ψ_refined → refined again; below, the five arms and the separators."""
    figure = Figure(figsize=(9.0, HEIGHT))
    ax = figure.add_axes((0, 0, 1, 1), xlim=(0, 9.0), ylim=(0, HEIGHT))
    ax.set_axis_off()
    lefts = (0.2, 3.42, 6.64)
    titles = ("noisy stems", "refined labels", "refined again")
    for left, title, labels in zip(lefts, titles, (NOMINAL, FIRST, SECOND), strict=True):
        card(ax, left, title, labels)
    for training, left in (("noisy", lefts[0]), ("refined", lefts[1])):
        classifier(ax, left + CARD[0], training)
    for arm in ARMS:
        training_set(ax, arm)
    for arm in ("noisy", "psi_noisy", "psi_refined"):
        arrow(ax, (ARM_PLACES[arm], BOTTOM), (ARM_PLACES[arm], 1.22))
    origin = f"{subscripted(CLASSIFIER_NAMES['clean'])} learns from clean stems,\nrelabels the noisy ones"
    words(ax, ARM_PLACES["psi_clean"], 1.36, origin, 8.5)
    separators(ax)
    legend(ax)
    return figure


def card(ax: Axes, left: float, title: str, labels: tuple[str, ...]) -> None:
    """Four stems: their waveforms in the colours of what is truly in them, a strip of the labels under each."""
    ax.add_patch(box(left, BOTTOM, *CARD, PAPER, EDGE))
    words(ax, left + CARD[0] / 2, BOTTOM + CARD[1] + 0.16, title, 12, weight="bold")
    for row, (name, truth, given) in enumerate(zip(CLASSES, TRUTH, labels, strict=True)):
        middle = BOTTOM + CARD[1] - 0.31 - row * (STEM + 0.04)
        words(ax, left + 0.49, middle - 0.03, name, 9, ha="right")
        random = np.random.default_rng(row)  # the same waveform in each card
        for index, (content, label) in enumerate(zip(truth.split(), given.split(), strict=True)):
            start = left + 0.53 + index * SEGMENT
            waveform(ax, start, middle, content, random)
            stripes(ax, start, middle - 0.27, label)


def waveform(ax: Axes, left: float, middle: float, content: str, random: np.random.Generator) -> None:
    """Bars of a segment's loudness; with two classes, every other bar is of the second."""
    places = left + SEGMENT * (np.arange(6) + 0.5) / 6
    heights = random.uniform(0.06, 0.17, 6)
    if content == "-":
        ax.plot([left, left + SEGMENT], [middle, middle], color=EDGE, linewidth=1)
        return
    colours = [CLASS_COLOURS[INITIALS[content[index % len(content)]]] for index in range(6)]
    ax.bar(places, 2 * heights, bottom=middle - heights, width=0.032, color=colours, linewidth=0)


def stripes(ax: Axes, left: float, bottom: float, label: str) -> None:
    """A segment's labels as a strip, one half above the other where there are two; an outline where there is none."""
    width, height = SEGMENT - 0.025, 0.075
    ax.add_patch(Rectangle((left + 0.0125, bottom), width, height, facecolor="white", edgecolor=EDGE, linewidth=0.7))
    for index, initial in enumerate(label.replace("-", "")):
        part = height / len(label)
        colour = CLASS_COLOURS[INITIALS[initial]]
        ax.add_patch(Rectangle((left + 0.0125, bottom + index * part), width, part, facecolor=colour, linewidth=0))


def classifier(ax: Axes, left: float, training: str) -> None:
    """The arrow between two cards, through the classifier that is trained on the one and labels the other."""
    middle = BOTTOM + CARD[1] / 2
    arrow(ax, (left + 0.03, middle), (left + 1.03, middle))
    ax.add_patch(box(left + 0.12, middle - 0.2, 0.74, 0.4, CLASSIFIER_COLOURS[training], "none"))
    name = subscripted(CLASSIFIER_NAMES[training])
    words(ax, left + 0.49, middle, name, 12, color=text_colour(f"psi_{training}"), weight="bold")
    words(ax, left + 0.49, middle + 0.28, "learns from\nrandom mixes", 8.5, va="bottom")
    words(ax, left + 0.49, middle - 0.28, "relabels every\nsegment", 8.5, va="top")


def training_set(ax: Axes, arm: str) -> None:
    """One arm as a chip."""
    width, place = ARM_SIZES[arm], ARM_PLACES[arm]
    ax.add_patch(box(place - width / 2, 0.88, width, 0.3, ARM_COLOURS[arm], "none"))
    words(ax, place, 1.025, subscripted(ARM_NAMES[arm]), 9.5, color=text_colour(arm), weight="bold")


def text_colour(arm: str) -> str:
    """Legible on the arm's colour: dark on the two light ones."""
    return INK if arm in ("noisy", "psi_noisy") else "white"


def separators(ax: Axes) -> None:
    """What is done with every arm."""
    for place in ARM_PLACES.values():
        arrow(ax, (place, 0.86), (place, 0.7))
    ax.add_patch(box(0.27, 0.4, 8.46, 0.28, PAPER, EDGE))
    text = "X-UMX and Hybrid Demucs, trained on each of the five sets, scored by SDR on the same test songs"
    words(ax, 4.5, 0.535, text, 10)


def legend(ax: Axes) -> None:
    """What the colours of the cards mean."""
    place = 0.3
    for name in CLASSES:
        ax.add_patch(Rectangle((place, 0.13), 0.14, 0.1, facecolor=CLASS_COLOURS[name], linewidth=0))
        words(ax, place + 0.2, 0.18, name, 9, ha="left")
        place += 0.26 + 0.075 * len(name) + 0.12
    text = "waveform: what is truly in the stem  ·  strip below it: the labels of its segments"
    words(ax, 8.72, 0.18, text, 9, ha="right")


def words(ax: Axes, x: float, y: float, text: str, size: float, **settings: str) -> None:
    """Text, centred and dark unless told otherwise."""
    ax.text(x, y, text, fontsize=size, **{"ha": "center", "va": "center", "color": INK, **settings})


def box(left: float, bottom: float, width: float, height: float, face: str, edge: str) -> FancyBboxPatch:
    """A box with round corners."""
    style = "round,pad=0,rounding_size=0.07"
    return FancyBboxPatch((left, bottom), width, height, boxstyle=style, facecolor=face, edgecolor=edge, linewidth=1)


def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A plain arrow."""
    line = {"color": INK, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
    ax.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=10, zorder=0.5, **line))
