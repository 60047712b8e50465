"""The paper's claims C1 to C13, each decided by one function whose docstring is its rule.

Every function takes `Scores` and returns a `Verdict`. The rules are printed in results/README.md; they hold for
the paper's own numbers (a test). A comparison of separators must be true for both networks. All rest on one seed.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import pandas as pd

from analysis.palette import NETWORK_NAMES
from analysis.paper import claims as paper_claims
from analysis.results import NETWORKS

REFINED_ARMS = ("psi_clean", "psi_noisy", "psi_refined")
LARGEST_COST = 2.0  # C1, points of accuracy
RUIN = 1.0  # C5, dB
MOST_OF_THE_GAP = 0.5  # C9
NOT_TESTED = "not tested yet"


class Verdict(NamedTuple):
    """Our numbers in short, and whether the claim holds: True, False, or None where that could not be decided."""

    ours: str
    holds: bool | None


@dataclass(frozen=True)
class Scores:
    """Tables 1 and 2, ours or the paper's, in the form of `analysis.results.Results`."""

    table1: pd.DataFrame
    table2: pd.DataFrame

    def classifier(self, inputs: str, training: str, measure: str) -> float:
        """A macro average of Table 1."""
        table = self.table1
        rows = (table["inputs"] == inputs) & (table["training_data"] == training) & (table["class"] == "avg")
        return table.loc[rows, measure].item()

    def sdr(self, network: str, arm: str) -> float:
        """An average frame-wise SDR of Table 2, dB."""
        table = self.table2
        rows = (table["network"] == network) & (table["training_data"] == arm) & (table["metric"] == "csdr")
        return table.loc[rows, "avg"].item()


def c1(scores: Scores) -> Verdict:
    """Average multi-label accuracy: refined lies 0 to 2 points below clean."""
    clean, refined = (scores.classifier("multi", training, "accuracy") for training in ("clean", "refined"))
    return Verdict(f"{clean:.1f} -> {refined:.1f} %", 0 <= clean - refined <= LARGEST_COST)


def c2(scores: Scores) -> Verdict:
    """Average multi-label accuracy and F1: both higher for refined than for noisy."""
    accuracy, f1 = (
        [scores.classifier("multi", training, measure) for training in ("refined", "noisy")]
        for measure in ("accuracy", "f1")
    )
    ours = f"{accuracy[0]:.1f} % / {f1[0]:.3f} against {accuracy[1]:.1f} % / {f1[1]:.3f}"
    return Verdict(ours, accuracy[0] > accuracy[1] and f1[0] > f1[1])


def c3(scores: Scores) -> Verdict:
    """Average multi-label recall: refined at least as high as clean."""
    refined, clean = (scores.classifier("multi", training, "recall") for training in ("refined", "clean"))
    return Verdict(f"{refined:.3f} against {clean:.3f}", refined >= clean)


def c4(scores: Scores) -> Verdict:
    """Average single-label accuracy: noisy < refined < clean."""
    noisy, refined, clean = (scores.classifier("single", t, "accuracy") for t in ("noisy", "refined", "clean"))
    return Verdict(f"noisy {noisy:.1f}, refined {refined:.1f}, clean {clean:.1f} %", noisy < refined < clean)


def c5(scores: Scores) -> Verdict:
    """Average csdr: noisy more than 1 dB below clean, with both networks."""
    pairs = {network: (scores.sdr(network, "clean"), scores.sdr(network, "noisy")) for network in NETWORKS}
    ours = _each(lambda network: "{:.2f} -> {:.2f} dB".format(*pairs[network]))
    return Verdict(ours, _all_above((clean - noisy for clean, noisy in pairs.values()), RUIN))


def c6(scores: Scores) -> Verdict:
    """Average csdr: psi_clean, psi_noisy and psi_refined each above noisy, with both networks."""
    gains = {n: [scores.sdr(n, arm) - scores.sdr(n, "noisy") for arm in REFINED_ARMS] for n in NETWORKS}
    ours = _each(lambda network: "{:+.2f}, {:+.2f}, {:+.2f} dB".format(*gains[network]))
    return Verdict(f"by psi_clean, psi_noisy, psi_refined: {ours}", _all_above(chain(*gains.values())))


def c7(scores: Scores) -> Verdict:
    """Average csdr: psi_refined above psi_clean, with both networks."""
    return _psi_refined_above(scores, "psi_clean")


def c8(scores: Scores) -> Verdict:
    """Average csdr: psi_refined above psi_noisy, with both networks."""
    return _psi_refined_above(scores, "psi_noisy")


def c9(scores: Scores) -> Verdict:
    """Average csdr: (psi_refined - noisy) / (clean - noisy) is more than 50 % with both networks.

    Undecided where clean does not lie above noisy: there is no gap to close.
    """
    shares = {}
    for network in NETWORKS:
        clean, noisy, refined = (scores.sdr(network, arm) for arm in ("clean", "noisy", "psi_refined"))
        shares[network] = (refined - noisy) / (clean - noisy) if clean > noisy else math.nan
    ours = _each(lambda n: "no gap to close" if math.isnan(shares[n]) else f"{100 * shares[n]:.0f} %")
    return Verdict(ours, _all_above(shares.values(), MOST_OF_THE_GAP))


RULES = {"C1": c1, "C2": c2, "C3": c3, "C4": c4, "C5": c5, "C6": c6, "C7": c7, "C8": c8, "C9": c9}


def decide(scores: Scores) -> pd.DataFrame:
    """All claims as id, text, paper, ours, holds (True, False or None); those without a rule are not tested yet."""
    rows = []
    for claim in paper_claims():
        rule = RULES.get(claim["id"])
        verdict = rule(scores) if rule else Verdict(NOT_TESTED, None)
        rows.append({**claim, **verdict._asdict()})
    return pd.DataFrame(rows, columns=["id", "text", "paper", "ours", "holds"]).astype({"holds": object})


def _psi_refined_above(scores: Scores, other: str) -> Verdict:
    gains = {network: scores.sdr(network, "psi_refined") - scores.sdr(network, other) for network in NETWORKS}
    return Verdict(_each(lambda network: f"{gains[network]:+.2f} dB"), _all_above(gains.values()))


def _each(text: Callable[[str], str]) -> str:
    """The text of each network, side by side."""
    return "; ".join(f"{NETWORK_NAMES[network]} {text(network)}" for network in NETWORKS)


def _all_above(values: Iterable[float], least: float = 0.0) -> bool | None:
    """Whether all values exceed `least`; None where one does not exist."""
    values = list(values)
    return None if any(math.isnan(value) for value in values) else all(value > least for value in values)
