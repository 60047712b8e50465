"""What label noise costs separation, and how much of that each refinement wins back, over songs and seeds.

The cost is measured twice: "clean" minus "noisy", as the paper does, which compares two catalogues; and the noisy
catalogue's true labels ("oracle", where it was run) minus its nominal ones, which is the noise alone.
"""

from math import nan

import pandas as pd

from analysis import paper
from analysis.bootstrap import Interval, interval
from analysis.measurements import Asked, Measurements, Scores, Value
from analysis.results import NETWORKS

REFINED_ARMS = ("psi_clean", "psi_noisy", "psi_refined")
COMPARED = ("clean", "oracle", *REFINED_ARMS)  # each minus "noisy"


def gap_table(measurements: Measurements) -> pd.DataFrame:
    """A row for each network and set of labels that was run, compared with the noisy ones.

    Returns: network, training_data, gain, low, high (dB, mean over the songs, with its 95 % interval from the paired
    bootstrap), of_clean and of_oracle (what share the gain is of the two costs at the same seeds), paper_gain and
    paper_of_clean (NaN where the paper has none), seeds.
    """
    theirs = paper.table2().set_index(["network", "training_data"])["avg"]
    rows = []
    for network in NETWORKS:
        for arm in COMPARED:
            found = _gain(measurements, network, arm)
            if not found:
                continue
            gain, seeds = found
            published = theirs[network, arm] - theirs[network, "noisy"] if (network, arm) in theirs.index else nan
            rows.append([
                network, arm, gain.value, gain.low, gain.high,
                _share(measurements, network, arm, "clean"), _share(measurements, network, arm, "oracle"),
                published, published / (theirs[network, "clean"] - theirs[network, "noisy"]), seeds,
            ])  # fmt: skip
    columns = ["gain", "low", "high", "of_clean", "of_oracle", "paper_gain", "paper_of_clean", "seeds"]
    return pd.DataFrame(rows, columns=["network", "training_data", *columns])


def _gain(measurements: Measurements, network: str, arm: str) -> tuple[Interval, int] | None:
    def value(scores: Scores) -> Value:
        return scores.sdr(network, arm) - scores.sdr(network, "noisy")

    asked = Asked()
    value(asked)
    chosen = measurements.that_have(asked)
    return (interval(chosen, value), len(chosen.seeds)) if chosen else None


def _share(measurements: Measurements, network: str, arm: str, best: str) -> float:
    """The gain of a refined arm over the cost of the noise, which `best` bounds; NaN for what isn't refined."""
    asked = Asked()
    sdr = {name: asked.sdr(network, name) for name in (arm, "noisy", best)}
    chosen = measurements.that_have(asked) if arm in REFINED_ARMS else None
    if not chosen:
        return nan
    scores = chosen.as_measured()
    sdr = {name: scores.sdr(network, name).item() for name in sdr}
    return (sdr[arm] - sdr["noisy"]) / (sdr[best] - sdr["noisy"])
