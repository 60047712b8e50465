"""What label noise costs separation, and how much of that each refinement wins back, over songs and seeds.

The cost is measured twice: "clean" minus "noisy", as the paper does, which compares two catalogues; and the noisy
catalogue's true labels ("oracle", where it was run) minus its nominal ones, which is the noise alone.
"""

from collections.abc import Callable
from math import isnan, nan

import pandas as pd

from analysis import paper
from analysis.bootstrap import interval
from analysis.claims import REFINED_ARMS
from analysis.formatting import markdown_table
from analysis.measurements import Measurements, Scores, Value
from analysis.palette import ARM_NAMES, NETWORK_NAMES
from analysis.results import NETWORKS

COMPARED = ("clean", "oracle", *REFINED_ARMS)  # each minus "noisy"
GAP_DECIMALS = dict.fromkeys(("gain", "low", "high", "of_clean", "of_oracle", "paper_gain", "paper_of_clean"), 2)


def gap_table(measurements: Measurements) -> pd.DataFrame:
    """A row for each network and set of labels that was run, compared with the noisy ones.

    Returns: network, training_data, gain, low, high (dB, mean over the songs, with its 95 % interval from the paired
    bootstrap), of_clean and of_oracle (what share a refinement's gain is of the two costs at the same seeds),
    paper_gain and paper_of_clean, seeds; NaN for what does not exist.
    """
    theirs = paper.table2().set_index(["network", "training_data"])["avg"]
    rows = []
    for network in NETWORKS:
        for arm in COMPARED:
            gain = _above_noisy(network, arm)
            chosen = measurements.asked_by(gain)
            if not chosen:
                continue
            found = interval(chosen, gain)
            shares, published_share = (nan, nan), nan
            published = nan if arm == "oracle" else theirs[network, arm] - theirs[network, "noisy"]
            if arm in REFINED_ARMS:
                shares = [_share(measurements, gain, _above_noisy(network, best)) for best in ("clean", "oracle")]
                published_share = published / (theirs[network, "clean"] - theirs[network, "noisy"])
            rows.append([network, arm, found.value, found.low, found.high, *shares, published, published_share,
                         len(chosen.seeds)])  # fmt: skip
    return pd.DataFrame(rows, columns=["network", "training_data", *GAP_DECIMALS, "seeds"])


def gap_markdown(table: pd.DataFrame) -> str:
    """`gap_table` for a page."""
    rows = []
    for row in table.round(GAP_DECIMALS).to_dict("records"):
        gain = f"{row['gain']:+.2f} [{row['low']:+.2f}, {row['high']:+.2f}]"
        names = [NETWORK_NAMES[row["network"]], f"{ARM_NAMES[row['training_data']]} minus noisy"]
        published = "-" if isnan(row["paper_gain"]) else f"{row['paper_gain']:+.2f}"
        of_clean, of_oracle, theirs = (
            "-" if isnan(row[name]) else f"{100 * row[name]:.0f} %"
            for name in ("of_clean", "of_oracle", "paper_of_clean")
        )
        rows.append([*names, gain, of_clean, of_oracle, published, theirs, str(row["seeds"])])
    header = ["separator", "SDR", "ours, dB", "share of clean minus noisy", "share of true labels minus noisy"]
    header += ["the paper's, dB", "share of clean minus noisy", "seeds"]
    return markdown_table(header, rows, text_columns=2)


def _above_noisy(network: str, arm: str) -> Callable[[Scores], Value]:
    return lambda scores: scores.sdr(network, arm) - scores.sdr(network, "noisy")


def _share(measurements: Measurements, gain: Callable[[Scores], Value], cost: Callable[[Scores], Value]) -> float:
    chosen = measurements.asked_by(gain, cost)
    return (gain(chosen.as_measured()) / cost(chosen.as_measured())).item() if chosen else nan
