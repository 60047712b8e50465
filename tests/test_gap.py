"""What noise costs, what refinement wins back, and what false labels cost, on SDRs with known answers."""

import numpy as np
import pandas as pd
import pytest
from made_up_metrics import NO_DECISIONS
from scipy.stats import t

from analysis.formatting import signed, with_interval
from analysis.gap import false_labels_table, gap_table, noise_table, strategies_markdown, strategies_table
from analysis.measurements import measurements
from stages.stems import CLASSES


def test_what_noise_costs_and_refinement_wins_back_of_known_sdrs() -> None:
    level = {
        "clean": 4.0,
        "uncorrupted": 3.7,
        "oracle": 3.5,
        "noisy": 3.0,
        "psi_noisy": 3.4,
    }  # dB, the same in every song but for a spread
    rows = [
        [seed, "xumx", arm, f"song {song}", c, sdr + song + 0.1 * (2 * seed - 1) * (arm == "psi_noisy")]
        for arm, sdr in level.items()
        for seed in ((0, 1) if arm != "oracle" else (1,))
        for song in range(5)
        for c in CLASSES
    ]
    songs = pd.DataFrame(rows, columns=["seed", "network", "training_data", "song", "class", "csdr"])
    table = gap_table(measurements(songs, NO_DECISIONS, 0.5)).set_index("training_data")
    assert list(table.index) == ["clean", "uncorrupted", "oracle", "psi_noisy"]
    assert list(table["seeds"]) == [2, 2, 1, 2]
    assert list(table["gain"]) == pytest.approx([1.0, 0.7, 0.5, 0.4])
    assert table.loc["clean", ["low", "high"]].tolist() == pytest.approx([1.0, 1.0])  # paired: the spread cancels
    by_seeds = t.interval(0.95, 1, 0.4, 0.1)
    assert table.loc["psi_noisy", ["low", "high"]].tolist() == pytest.approx(by_seeds)
    assert list(table["by_seed"]) == ["+1.00/+1.00", "+0.70/+0.70", "+0.50", "+0.30/+0.50"]
    # clean is ahead by 1, and the oracle has one seed
    shares = {"of_clean": (0.4, *by_seeds), "of_oracle": (1.0, 1.0, 1.0)}
    for name, values in shares.items():
        assert table.loc["psi_noisy", [name, f"{name}_low", f"{name}_high"]].tolist() == pytest.approx(values)
    assert table.loc[["uncorrupted", "oracle"], "of_clean"].tolist() == pytest.approx([0.7, 0.5])
    assert table["of_clean"].isna().tolist() == [True, False, False, False]
    assert table["of_oracle"].isna().tolist() == [True, True, True, False]
    assert table["paper_gain"].tolist() == pytest.approx([2.92, np.nan, np.nan, 1.83], nan_ok=True)
    assert table.loc["psi_noisy", "paper_of_clean"] == pytest.approx(1.83 / 2.92)


def test_what_a_noise_costs_and_what_is_won_back_are_of_the_same_seeds() -> None:
    level = {"uncorrupted": 3.7, "oracle": 3.5, "noisy": 3.0, "psi_refined": 3.4}
    rows = [
        ["xumx", arm, f"song {song}", c, seed, sdr + song + 10 * (seed == 2 and arm == "psi_refined")]
        for arm, sdr in level.items()
        for seed in ((0, 1) if arm == "oracle" else (0, 1, 2))
        for song in range(5)
        for c in CLASSES
    ]
    songs = pd.DataFrame(rows, columns=["network", "training_data", "song", "class", "seed", "csdr"])
    lacking = songs[songs["training_data"] != "oracle"]
    songs = pd.concat([songs, lacking.assign(network="hdemucs")])
    table = noise_table({name: measurements(part, NO_DECISIONS, 0.5) for name, part in (("a", songs), ("b", lacking))})
    assert table[["condition", "network", "seeds"]].values.tolist() == [["a", "xumx", 2]]
    for name, value in {"cost": 0.7, "oracle": 0.5, "gain": 0.4}.items():
        assert table.loc[0, [name, f"{name}_low", f"{name}_high"]].tolist() == pytest.approx([value] * 3)
        assert table.loc[0, f"{name}_by_seed"] == f"{value:+.2f}/{value:+.2f}"


def test_false_labels_are_compared_rate_by_rate_at_the_seeds_that_have_both() -> None:
    levels = {"added_10": 3.0, "removed_10": 3.5, "added_40": 3.0, "removed_40": 2.0, "added_20": 1.0}
    offsets = (-0.2, 0.0, 0.2)
    rows = [
        ["xumx", arm, f"song {song}", c, seed, level + offset + 0.1 * seed * (arm == "added_40")]
        for arm, level in levels.items()
        for song, offset in enumerate(offsets)
        for c in CLASSES
        for seed in ((0,) if arm == "removed_10" else (0, 1))
    ]
    songs = pd.DataFrame(rows, columns=["network", "training_data", "song", "class", "seed", "csdr"])
    table = false_labels_table(measurements(songs, NO_DECISIONS, 0.5))
    assert table[["rate", "seeds", "by_seed"]].to_numpy().tolist() == [[10, 1, "-0.50"], [40, 2, "+1.00/+1.10"]]
    assert table["difference"].tolist() == pytest.approx([-0.5, 1.05])
    assert (table["low"] <= table["difference"]).all() and (table["difference"] <= table["high"]).all()


def test_other_ways_are_compared_with_the_noisy_labels_and_with_the_refined_ones() -> None:
    levels = {"noisy": 3.0, "psi_refined": 3.4, "filtered_by_psi_noisy": 3.1, "oracle": 3.5}
    rows = [
        ["xumx", arm, f"song {song}", c, seed, level + 0.1 * song + 0.2 * seed * (arm == "filtered_by_psi_noisy")]
        for arm, level in levels.items()
        for song in range(3)
        for c in CLASSES
        for seed in ((0,) if arm == "oracle" else (0, 1))
    ]
    songs = pd.DataFrame(rows, columns=["network", "training_data", "song", "class", "seed", "csdr"])
    labels = pd.DataFrame(
        [["psi_refined", 0, 100, 20, 8, 0.9, 0.8, 0.72], ["psi_refined", 1, 100, 20, 16, 0.7, 0.6, 0.4],
         ["psi_refined", 2, 100, 20, 0, 0.1, 0.1, 0.1],  # a seed at which no separator was trained
         ["filtered_by_psi_noisy", 0, 100, 20, 40, 0.95, 0.5, 0.45],
         ["filtered_by_psi_noisy", 1, 100, 20, 40, 0.95, 0.5, np.nan]],
        columns=["labels", "seed", "segments", "silent", "unlabelled", "precision", "recall", "exact"],
    ).assign(condition="here")  # fmt: skip
    other = songs[songs["training_data"] != "oracle"].assign(network="hdemucs")
    other["csdr"] *= 2
    found = measurements(pd.concat([songs, other]), NO_DECISIONS, 0.5)
    lacking = measurements(songs[songs["training_data"] != "filtered_by_psi_noisy"], NO_DECISIONS, 0.5)
    both = strategies_table({"here": found, "lacking": lacking}, labels)
    assert set(both["condition"]) == {"here"}
    second = both[both["network"] == "hdemucs"].set_index("strategy")
    assert second["gain"].to_dict() == pytest.approx({"filtered_by_psi_noisy": 0.4, "psi_refined": 0.8})
    table = both[both["network"] == "xumx"].set_index("strategy")
    assert list(table.index) == ["filtered_by_psi_noisy", "psi_refined", "oracle"] and list(table["seeds"]) == [2, 2, 1]
    assert table.loc["psi_refined", ["labelled", "exact_of_labelled", "precision"]].tolist() == pytest.approx(
        [(72 + 64) / 160, (0.72 * 80 / 72 + 0.4 * 80 / 64) / 2, 0.8]
    )
    assert table.loc["filtered_by_psi_noisy", "exact_of_labelled"] == pytest.approx(0.9)  # where it is known
    assert table.loc["psi_refined", ["gain", "above_refined", "above_refined_low"]].tolist() == pytest.approx(
        [0.4, 0, 0]
    )
    assert table.loc["filtered_by_psi_noisy", ["gain", "above_refined"]].tolist() == pytest.approx([0.2, -0.2])
    assert table.loc["filtered_by_psi_noisy", "by_seed"] == "+0.10/+0.30"
    page = strategies_markdown(table.reset_index(), {"here": "flips"}).splitlines()
    assert page[2].startswith("| flips | X-UMX | filtered by Ψ_noisy | 50 % | 90 % | 95 % | +0.20 [")
    assert page[3].startswith("| flips | X-UMX | relabelled by Ψ_refined |") and page[3].endswith(" | - |")
    assert page[4].startswith("| flips | X-UMX | true labels (oracle) | - | - | - | +0.50 [")


def test_a_difference_of_nothing_has_no_minus() -> None:
    assert with_interval(-0.001, -0.5, 0.004) == "+0.00 [-0.50, +0.00]"
    assert signed(-0.0004, 3) == "+0.000" and signed(-0.0006, 3) == "-0.001"
