"""The paper's claims C1 to C13, each decided by one rule whose docstring says it.

A rule lists the values that must all lie above their bounds. Ours are decided by t intervals over test songs and
seeds (`analysis.intervals`); the paper's own numbers fulfil every rule (a test). "Average SDR" is the mean over the
songs of their frame-wise SDR, averaged over the classes. What the paper shows for both networks must come out for both,
at the same seeds.
"""

from collections.abc import Callable
from itertools import groupby
from math import nan
from typing import NamedTuple

import pandas as pd

from analysis.formatting import signed
from analysis.intervals import CONFIDENCE, Interval, holm, interval, two_sided
from analysis.measurements import Measurements, Scores
from analysis.palette import ARM_NAMES, NETWORK_NAMES
from analysis.paper import NETWORKS
from analysis.paper import claims as paper_claims
from stages.stems.segments import REFINED_ARMS
from stages.variants.names import RATES

LARGEST_COST = 2.0  # C1, points of accuracy
RUIN = 1.0  # C5, dB
MOST_OF_THE_GAP = 0.5  # C9
NO_WORSE = 0.1  # C10 and C12, dB
NOT_TESTED = "not tested yet"
UNDECIDED = "undecided"
AS_THE_PAPER, AGAINST_IT, MIXED = "as the paper", "against it", "mixed"


class Part(NamedTuple):
    """A value that has to lie above a bound; `short` is its label where the claim says what is compared."""

    short: str
    label: str
    value: Callable[[Scores], float]
    bound: float
    unit: str


Rule = Callable[[], list[Part]]


def c1() -> list[Part]:
    """Average multi-label accuracy: refined at most 2 points below clean."""
    return [_classifier("multi", "accuracy", "refined", "clean", bound=-LARGEST_COST)]


def c2() -> list[Part]:
    """Average multi-label accuracy and F1: both higher for refined than for noisy."""
    return [_classifier("multi", measure, "refined", "noisy") for measure in ("accuracy", "f1")]


def c3() -> list[Part]:
    """Average multi-label recall: refined above clean; a tie stays undecided."""
    return [_classifier("multi", "recall", "refined", "clean")]


def c4() -> list[Part]:
    """Average single-label accuracy: noisy < refined < clean."""
    return [
        _classifier("single", "accuracy", "refined", "noisy"),
        _classifier("single", "accuracy", "clean", "refined"),
    ]


def c5() -> list[Part]:
    """Average SDR: noisy more than 1 dB below clean, with both networks."""
    return [_gain(network, "clean", "noisy", RUIN) for network in NETWORKS]


def c6() -> list[Part]:
    """Average SDR: psi_clean, psi_noisy and psi_refined each above noisy, with both networks."""
    return [_gain(network, arm, "noisy") for network in NETWORKS for arm in REFINED_ARMS]


def c7() -> list[Part]:
    """Average SDR: psi_refined above psi_clean, with both networks."""
    return [_gain(network, "psi_refined", "psi_clean") for network in NETWORKS]


def c8() -> list[Part]:
    """Average SDR: psi_refined above psi_noisy, with both networks."""
    return [_gain(network, "psi_refined", "psi_noisy") for network in NETWORKS]


def c9() -> list[Part]:
    """Average SDR: psi_refined above the middle between noisy and clean, with both networks."""

    def above_the_middle(network: str) -> Part:
        def value(scores: Scores) -> float:
            clean, noisy, refined = (scores.sdr(network, arm) for arm in ("clean", "noisy", "psi_refined"))
            return refined - noisy - MOST_OF_THE_GAP * (clean - noisy)

        name = NETWORK_NAMES[network]
        return Part(name, f"{name}: Ψ_refined minus the middle of the gap", value, 0.0, "dB")

    return [above_the_middle(network) for network in NETWORKS]


def c10() -> list[Part]:
    """Average SDR of X-UMX: threshold 0.9 less than 0.1 dB below 0.5, and above adaptive thresholds."""
    return [_gain("xumx", "threshold_0.9", "threshold_0.5", -NO_WORSE), _gain("xumx", "threshold_0.9", "adaptive")]


def c11() -> list[Part]:
    """Average SDR of X-UMX: psi_refined above the same labels without the multi-labelled segments."""
    return [_gain("xumx", "psi_refined", "single_only")]


def c12() -> list[Part]:
    """Average SDR of X-UMX: labels of the fifth round less than 0.1 dB above those of the first."""
    return [_gain("xumx", "psi_refined", "round_5", -NO_WORSE)]


def c13() -> list[Part]:
    """Average SDR of X-UMX: true labels with 10, 20 and 40 % added, above those with as many removed, on average."""

    def value(scores: Scores) -> float:
        added, removed = (
            sum(scores.sdr("xumx", f"{change}_{rate}") for rate in RATES) for change in ("added", "removed")
        )
        return (added - removed) / len(RATES)

    return [Part(NETWORK_NAMES["xumx"], "X-UMX: added minus removed", value, 0.0, "dB")]


RULES: dict[str, Rule] = {
    "C1": c1, "C2": c2, "C3": c3, "C4": c4, "C5": c5, "C6": c6, "C7": c7, "C8": c8, "C9": c9, "C10": c10, "C11": c11,
    "C12": c12, "C13": c13,
}  # fmt: skip

HEARD = ("C1", "C2", "C3", "C4")  # by classifiers, which say a class from some probability on
ABLATIONS = ("C10", "C11", "C12", "C13")


def decide(measurements: Measurements, ablations: Measurements | None = None) -> pd.DataFrame:
    """All claims as id, text, paper, ours, holds, p, seeds, values, direction.

    Args:
        ablations: the runs that C10 to C13 are decided on, those of the studies' shorter trainings; without them,
            these claims are not tested.

    values are those of `ours` alone, with the bound that each must exceed; direction is AS_THE_PAPER where all lie
    above their bounds, AGAINST_IT where none does, else MIXED.
    holds is "true" or "false" where the p value, corrected for the number of all claims, tested or not, is at most
    5 %, else "undecided"; and "" (with no p) where a run that the rule needs is missing.
    """
    tested: dict[str, tuple[bool, float, dict]] = {}
    for name, rule in RULES.items():
        parts, source = rule(), ablations if name in ABLATIONS else measurements
        chosen = source and source.asked_by(*(part.value for part in parts))
        if chosen:
            found = [interval(chosen, part.value, part.bound) for part in parts]
            above = [part_found.value > part.bound for part, part_found in zip(parts, found, strict=True)]
            tested[name] = (
                *two_sided(found),
                {
                    "ours": "; ".join(_text(part, part_found) for part, part_found in zip(parts, found, strict=True)),
                    "seeds": len(chosen.seeds),
                    "values": _values(parts, found),
                    "direction": AS_THE_PAPER if all(above) else MIXED if any(above) else AGAINST_IT,
                },
            )
    raw = [tested[name][1] if name in tested else 1.0 for name in RULES]  # so that no verdict is lost to a later run
    corrected = dict(zip(RULES, holm(raw), strict=True))
    rows = []
    for claim in paper_claims():
        row = {**claim, "ours": NOT_TESTED, "holds": "", "p": nan, "seeds": 0, "values": "", "direction": ""}
        if claim["id"] in tested:
            true, _, found = tested[claim["id"]]
            p = corrected[claim["id"]]
            row |= found | {"holds": str(true).lower() if p <= 1 - CONFIDENCE else UNDECIDED, "p": p}
        rows.append(row)
    return pd.DataFrame(rows, columns=["id", "text", "paper", "ours", "holds", "p", "seeds", "values", "direction"])


def decide_at(by_threshold: dict[float, Measurements], ablations: Measurements) -> pd.DataFrame:
    """C1 to C4 by the probability from which on a classifier says a class.

    Returns: threshold, then columns of `decide`; p is corrected for the number of thresholds, too (Bonferroni).
    """
    tables = [
        decide(measured, ablations).assign(threshold=threshold).query("id in @HEARD")
        for threshold, measured in by_threshold.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    table["p"] = (table["p"] * len(by_threshold)).clip(upper=1.0)
    table["holds"] = table["holds"].mask(table["p"] > 1 - CONFIDENCE, UNDECIDED)
    return table[["threshold", "id", "holds", "p", "seeds", "values", "direction"]]


def _classifier(inputs: str, measure: str, training: str, against: str, bound: float = 0.0) -> Part:
    label = f"{measure}, {training} minus {against}"
    return Part(
        label,
        label,
        lambda scores: scores.classifier(inputs, training, measure) - scores.classifier(inputs, against, measure),
        bound,
        "points" if measure == "accuracy" else "",
    )


def _gain(network: str, arm: str, against: str, bound: float = 0.0) -> Part:
    names = " minus ".join(ARM_NAMES.get(name, name) for name in (arm, against))
    return Part(
        NETWORK_NAMES[network],
        f"{NETWORK_NAMES[network]}: {names}",
        lambda scores: scores.sdr(network, arm) - scores.sdr(network, against),
        bound,
        "dB",
    )


def _values(parts: list[Part], found: list[Interval]) -> str:
    """The values of parts that share a bound and a unit, then it: "X-UMX -0.01; Hybrid Demucs +0.12 dB (> 0)"."""
    texts = []
    for (bound, unit), same in groupby(zip(parts, found, strict=True), key=lambda pair: (pair[0].bound, pair[0].unit)):
        values = [
            f"{short} {', '.join(_number(each.value, part) for part, each in pairs)}"
            for short, pairs in groupby(same, key=lambda pair: pair[0].short)
        ]
        texts.append(f"{'; '.join(values)} {unit}".rstrip() + f" (> {bound:g})")
    return "; ".join(texts)


def _number(value: float, part: Part) -> str:
    return signed(value, 2 if part.unit else 3)


def _text(part: Part, found: Interval) -> str:
    numbers = [_number(number, part) for number in (found.value, found.low, found.high)]
    bound = f", bound {part.bound:+g}" if part.bound else ""
    return f"{part.label} {numbers[0]} [{numbers[1]}, {numbers[2]}{bound}] {part.unit}".rstrip()
