"""What label noise costs separation, and how much of that each refinement wins back, over songs and seeds.

What refinement could win back is measured twice: "clean" minus "noisy", as the paper does, which compares two
catalogues; and the true labels of the noisy stems ("oracle") minus the nominal ones. Those cannot take apart what
corruption has summed: what the noise costs is the same stems uncorrupted, minus noisy.
"""

from collections.abc import Callable
from itertools import product
from math import isnan, nan

import pandas as pd

from analysis import paper
from analysis.formatting import markdown_table, rounded, signed, with_interval
from analysis.intervals import Interval, interval
from analysis.measurements import Measurements, Scores
from analysis.palette import ARM_NAMES, NETWORK_NAMES
from analysis.results import NETWORKS
from stages.stems.segments import REFINED_ARMS
from stages.variants.names import BY_SEPARATOR, BY_TRUTH, FILTERED, RATES

UNCORRUPTED = "uncorrupted"  # training data of the noisy catalogue without noise, at the same seed
COMPARED = ("clean", UNCORRUPTED, "oracle", *REFINED_ARMS)  # each minus "noisy"
NOISE = {"cost": UNCORRUPTED, "oracle": "oracle", "gain": "psi_refined"}  # each minus "noisy"
SHARES = ("of_clean", "of_oracle")  # of what a gain is a share
ENDS = ("", "_low", "_high")  # of the names of a value and its interval
EXTENT = ("songs", "seeds")
NOISE_DECIMALS = dict.fromkeys((name + end for name in NOISE for end in ENDS), 2)
GAP_VALUES = ("gain", "low", "high", *(share + end for share in SHARES for end in ENDS), "paper_gain", "paper_of_clean")
GAP_DECIMALS = dict.fromkeys(GAP_VALUES, 2)
STRATEGIES = {  # what to do with noisy labels, each a variant or an arm
    "psi_noisy": "relabelled by Ψ_noisy",
    "filtered_by_psi_noisy": "filtered by Ψ_noisy",
    "psi_refined": "relabelled by Ψ_refined",
    "single_only": "Ψ_refined, single-labelled alone",
    "filtered_by_psi_refined": "filtered by Ψ_refined",
    "by_separator": "relabelled by X-UMX",
    BY_TRUTH: "filtered by the truth",
    "oracle": "true labels (oracle)",
}
ONLY_HERE = (*FILTERED, BY_TRUTH, BY_SEPARATOR)  # not compared elsewhere
AGAINST = {"gain": "noisy", "above_refined": "psi_refined"}
STRATEGY_DECIMALS = dict.fromkeys(("labelled", "exact_of_labelled", "precision"), 3) | dict.fromkeys(
    (name + end for name in AGAINST for end in ENDS), 2
)
FALSE_LABELS_DECIMALS = dict.fromkeys(("difference", "low", "high"), 2)


def gap_table(measurements: Measurements) -> pd.DataFrame:
    """A row for each network and set of labels that was run, compared with the noisy ones.

    Returns: network, training_data, gain, low, high (dB, mean over the songs, with its 95 % interval), of_clean and
    of_oracle (what share a gain is of those of "clean" and "oracle", at the same seeds), each with _low and _high,
    paper_gain and paper_of_clean, songs (that have all of it), seeds, by_seed (the gain of each, joined by "/"); NaN
    for what does not exist.
    """
    theirs = paper.table2().set_index(["network", "training_data"])["avg"]

    def published_gain(network: str, arm: str) -> float:
        return theirs.get((network, arm), nan) - theirs.get((network, "noisy"), nan)

    rows = []
    for network in NETWORKS:
        for arm in COMPARED:
            gain = _difference(network, arm)
            chosen = measurements.asked_by(gain)
            if not chosen:
                continue
            found = interval(chosen, gain)
            of_clean = of_oracle = (nan, nan, nan)
            published_share = nan
            published = published_gain(network, arm)
            if arm != "clean":
                of_clean = _share(measurements, gain, _difference(network, "clean"))
            if arm in REFINED_ARMS:
                of_oracle = _share(measurements, gain, _difference(network, "oracle"))
                published_share = published / published_gain(network, "clean")
            values = [*_ends(found), *of_clean, *of_oracle, published, published_share]
            rows.append([network, arm, *values, *_extent(chosen), _by_seed(chosen, gain)])
    return pd.DataFrame(rows, columns=["network", "training_data", *GAP_DECIMALS, *EXTENT, "by_seed"])


def gap_markdown(table: pd.DataFrame) -> str:
    """`gap_table` for a page."""
    rows = []
    for row in table.round(GAP_DECIMALS).to_dict("records"):
        names = [NETWORK_NAMES[row["network"]], f"{ARM_NAMES[row['training_data']]} minus noisy"]
        published = "-" if isnan(row["paper_gain"]) else f"{row['paper_gain']:+.2f}"
        shares = [_share_with_interval(*(row[name + end] for end in ENDS)) for name in SHARES]
        theirs = _percent(row["paper_of_clean"])
        gain = with_interval(row["gain"], row["low"], row["high"])
        rows.append([*names, gain, _listed(row["by_seed"]), *shares, published, theirs])
    header = ["separator", "SDR", "ours, dB", "by seed", "share of clean minus noisy"]
    header += ["share of true labels minus noisy", "the paper's, dB", "its share of clean minus noisy"]
    return markdown_table(header, rows, text_columns=2)


def lacking_songs(table: pd.DataFrame, songs: int) -> str:
    """A sentence where some of a table's rows are of fewer than all songs, of which some lack a class; else nothing."""
    fewest = songs if table.empty else table["songs"].min()
    text = f"Some of the {songs} test songs lack a class; each row is of those that have all, {fewest} at least."
    return text if fewest < songs else ""


def noise_table(by_condition: dict[str, Measurements]) -> pd.DataFrame:
    """What each condition's noise costs a separator, what true labels and those of Ψ_refined win back, at equal seeds.

    Returns: condition, network, then cost, oracle and gain (each of `NOISE` minus "noisy", dB) with _low and _high,
    songs, seeds, and each by seed like the gains of `gap_table`; no row for a condition and network that lack one of
    them.
    """
    rows = []
    for (condition, measurements), network in product(by_condition.items(), NETWORKS):
        differences = [_difference(network, arm) for arm in NOISE.values()]
        chosen = measurements.asked_by(*differences)
        if chosen:
            found = [interval(chosen, difference) for difference in differences]
            values = [value for part in found for value in _ends(part)]
            by_seed = [_by_seed(chosen, difference) for difference in differences]
            rows.append([condition, network, *values, *_extent(chosen), *by_seed])
    columns = ["condition", "network", *NOISE_DECIMALS, *EXTENT, *(f"{name}_by_seed" for name in NOISE)]
    return pd.DataFrame(rows, columns=columns)


def noise_markdown(table: pd.DataFrame, names: dict[str, str]) -> str:
    """`noise_table` for a page; `names` of its conditions."""
    header, rows = ["noise", "separator"], []
    for arm in NOISE.values():
        header += [f"{ARM_NAMES[arm]} minus noisy, dB", "by seed"]
    for row in table.round(NOISE_DECIMALS).to_dict("records"):
        cells = [names[row["condition"]], NETWORK_NAMES[row["network"]]]
        for name in NOISE:
            cells.append(with_interval(*(row[name + end] for end in ENDS)))
            cells.append(_listed(row[f"{name}_by_seed"]))
        rows.append(cells)
    return markdown_table(header, rows, text_columns=2)


def strategies_table(by_condition: dict[str, Measurements], labels: pd.DataFrame) -> pd.DataFrame:
    """What a separator gains from each of `STRATEGIES`, and how right the labels are.

    Args: labels as in `analysis.reference.Measured`.

    Returns: condition, network, strategy, labelled (the share of audible segments with a label), exact_of_labelled (the
    share of those whose labels are all right), precision (mean over the classes), all of them means over the seeds;
    gain (dB above "noisy") and above_refined (above "psi_refined"), each with _low and _high, songs, seeds, and the
    gain by seed like `gap_table`. No row of a condition and network for which none of `ONLY_HERE` was run.
    """
    rows = []
    for (condition, measurements), network in product(by_condition.items(), NETWORKS):
        if not {(network, strategy) for strategy in ONLY_HERE} & measurements.sdr.keys():
            continue
        for strategy in STRATEGIES:
            gain, above = (_difference(network, strategy, against) for against in AGAINST.values())
            if chosen := measurements.asked_by(gain, above):
                judged = labels[(labels["condition"] == condition) & (labels["labels"] == strategy)]
                judged = judged[judged["seed"].isin(chosen.seeds)]
                heard = judged["segments"] - judged["silent"]
                labelled = heard - judged["unlabelled"]
                exact = judged["exact"] * heard / labelled  # of what is audible, nothing without a label is right
                quality = (part.mean() for part in (labelled / heard, exact, judged["precision"]))
                found = [*_ends(interval(chosen, gain)), *_ends(interval(chosen, above))]
                names = [condition, network, strategy]
                rows.append([*names, *quality, *found, *_extent(chosen), _by_seed(chosen, gain)])
    return pd.DataFrame(rows, columns=["condition", "network", "strategy", *STRATEGY_DECIMALS, *EXTENT, "by_seed"])


def strategies_markdown(table: pd.DataFrame, names: dict[str, str]) -> str:
    """`strategies_table` for a page; `names` of its conditions."""
    header = ["noise", "separator", "labels", "segments with a label", "of those all right", "precision"]
    header += ["minus noisy, dB", "by seed", "minus relabelled by Ψ_refined, dB"]
    rows = []
    for row in table.round(STRATEGY_DECIMALS).to_dict("records"):
        quality = [_percent(row[name]) for name in ("labelled", "exact_of_labelled", "precision")]
        gain, above = (with_interval(*(row[name + end] for end in ENDS)) for name in AGAINST)
        above = "-" if row["strategy"] == AGAINST["above_refined"] else above
        names_of = [names[row["condition"]], NETWORK_NAMES[row["network"]], STRATEGIES[row["strategy"]]]
        rows.append([*names_of, *quality, gain, _listed(row["by_seed"]), above])
    return markdown_table(header, rows, text_columns=3)


def false_labels_table(measurements: Measurements) -> pd.DataFrame:
    """By how much X-UMX separates better with false labels added to the true ones than with as many removed.

    Returns: rate (percent of the true labels), difference, low, high (dB), seeds, by_seed, like `gap_table`; no row for
    a rate that was not run.
    """
    rows = []
    for rate in RATES:
        difference = _difference("xumx", f"added_{rate}", f"removed_{rate}")
        if chosen := measurements.asked_by(difference):
            found = interval(chosen, difference)
            rows.append([rate, *_ends(found), len(chosen.seeds), _by_seed(chosen, difference)])
    return pd.DataFrame(rows, columns=["rate", *FALSE_LABELS_DECIMALS, "seeds", "by_seed"])


def false_labels_markdown(table: pd.DataFrame) -> str:
    """`false_labels_table` for a page."""
    rows = [
        [f"{row['rate']} %", with_interval(row["difference"], row["low"], row["high"]), _listed(row["by_seed"])]
        for row in table.round(FALSE_LABELS_DECIMALS).to_dict("records")
    ]
    return markdown_table(["labels removed or added", "added minus removed, dB", "by seed"], rows)


def _ends(found: Interval) -> tuple[float, float, float]:
    """A value and its interval, in the order of `ENDS`."""
    return found.value, found.low, found.high


def _extent(chosen: Measurements) -> tuple[int, int]:
    """Of how many songs and seeds a difference is, in the order of `EXTENT`."""
    return int(chosen.complete_songs().sum()), len(chosen.seeds)


def _listed(by_seed: str) -> str:
    return by_seed.replace("/", ", ")


def _percent(share: float) -> str:
    return "-" if isnan(share) else f"{rounded(100 * share, 0)} %"


def _share_with_interval(value: float, low: float, high: float) -> str:
    return "-" if isnan(value) else f"{rounded(100 * value, 0)} % [{rounded(100 * low, 0)}, {rounded(100 * high, 0)}]"


def _difference(network: str, arm: str, against: str = "noisy") -> Callable[[Scores], float]:
    return lambda scores: scores.sdr(network, arm) - scores.sdr(network, against)


def _by_seed(measurements: Measurements, value: Callable[[Scores], float]) -> str:
    return "/".join(signed(value(sample)) for sample in measurements.each_seed())


def _share(
    measurements: Measurements, gain: Callable[[Scores], float], cost: Callable[[Scores], float]
) -> tuple[float, float, float]:
    """What share `gain` is of `cost`, and its interval; NaN where they have no seed in common."""
    chosen = measurements.asked_by(gain, cost)
    if not chosen:
        return nan, nan, nan
    return _ends(interval(chosen, lambda scores: gain(scores) / cost(scores)))
