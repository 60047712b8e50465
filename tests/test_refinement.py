"""Labels from probabilities, and how right they are, against tables worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from stages.refinement.quality import label_quality, summary
from stages.refinement.thresholds import apply_threshold, audible
from stages.stems import CLASSES
from stages.stems.segments import ARM_COLUMNS, LABELS, TRUTHS

SILENT = (0.0, 0.0, 0.0, 0.0)


def arm(rows: list[tuple[str, tuple, tuple, tuple]]) -> pd.DataFrame:
    """An arm of (stem, probabilities, labels, truth)."""
    segments = []
    for i, (stem, probabilities, labels, truth) in enumerate(rows):
        where = ["song", "train", stem, f"train/song/{stem}.wav", i * 10, i * 10 + 10]
        level = -90.0 if probabilities == SILENT else -20.0
        segments.append([*where, level, *probabilities, *labels, *truth])
    return pd.DataFrame(segments, columns=ARM_COLUMNS)


def labels_at(threshold: float, *probabilities: tuple) -> list[list[int]]:
    table = arm([("drums", p, (0, 0, 1, 0), (0, 0, 1, 0)) for p in probabilities])
    return apply_threshold(table, threshold)[LABELS].to_numpy().tolist()


def test_threshold_0_gives_every_audible_segment_every_class():
    assert labels_at(0.0, (0.0, 1e-9, 0.4, 1.0), SILENT) == [[1, 1, 1, 1], [0, 0, 0, 0]]


def test_threshold_1_leaves_what_is_certain():
    assert labels_at(1.0, (0.999999, 0.5, 1.0, 0.0), SILENT) == [[0, 0, 1, 0], [0, 0, 0, 0]]


def test_a_probability_at_the_threshold_is_a_label():
    assert labels_at(0.9, (0.9, 0.8999, 0.95, 0.0)) == [[1, 0, 1, 0]]


def test_a_threshold_changes_labels_alone():
    table = arm([("drums", (0.95, 0.1, 0.2, 0.3), (0, 0, 1, 0), (1, 0, 0, 0))])
    refined = apply_threshold(table, 0.9)
    unchanged = [column for column in ARM_COLUMNS if column not in LABELS]
    pd.testing.assert_frame_equal(refined[unchanged], table[unchanged])
    assert table[LABELS].to_numpy().tolist() == [[0, 0, 1, 0]]


WORKED = [
    ("vocals", (1, 0, 0, 0), (1, 0, 0, 0), (1, 0, 0, 0)),  # right
    ("vocals", (1, 0, 0, 0), (1, 0, 0, 0), (1, 0, 1, 0)),  # drums leak into it
    ("bass", (0, 1, 0, 0), (0, 1, 0, 0), (0, 0, 0, 1)),  # wrong
    ("drums", (0.9, 0, 0.9, 0), (1, 0, 1, 0), (1, 0, 1, 0)),  # right
    ("drums", SILENT, (0, 0, 0, 0), (0, 0, 0, 0)),  # silent: counts for nothing
    ("other", (0.2, 0.2, 0.2, 0.2), (0, 0, 0, 0), (0, 0, 0, 1)),  # unlabelled
]


def test_label_quality_of_a_worked_table():
    quality = label_quality(arm(WORKED))
    assert quality["vocals"] == pytest.approx({"accuracy": 1, "precision": 1, "recall": 1, "f1": 1})
    assert quality["bass"] == pytest.approx({"accuracy": 4 / 5, "precision": 0, "recall": 0, "f1": 0})
    assert quality["drums"] == pytest.approx({"accuracy": 4 / 5, "precision": 1, "recall": 1 / 2, "f1": 2 / 3})
    assert quality["other"] == pytest.approx({"accuracy": 3 / 5, "precision": 0, "recall": 0, "f1": 0})
    assert quality["accuracy"] == pytest.approx(3.2 / 4)
    assert quality["precision"] == pytest.approx(2 / 4)
    assert quality["recall"] == pytest.approx(1.5 / 4)
    assert quality["f1"] == pytest.approx((1 + 2 / 3) / 4)
    assert quality["exact"] == pytest.approx(2 / 5)
    assert quality["contaminated"] == pytest.approx({"vocals": 1 / 2, "bass": 1, "drums": 1, "other": 0})


def test_summary_counts_segments_by_their_labels():
    counts = summary(arm(WORKED), 0.9)
    del counts["label_quality"]
    assert counts == {
        "segments": 6, "silent": 1, "unlabelled": 1, "single_labelled": 3, "multi_labelled": 1, "all_labelled": 0,
        "threshold": 0.9,
    }  # fmt: skip


def test_unknown_truth_gives_no_quality():
    table = arm(WORKED)
    table[TRUTHS] = np.nan
    assert label_quality(table) is None
    assert summary(table, None)["label_quality"] is None


def test_quality_reads_only_rows_whose_truth_is_known():
    table = arm(WORKED)
    table[TRUTHS] = table[TRUTHS].astype(float)
    table.loc[2, TRUTHS] = np.nan
    quality = label_quality(table)
    assert quality["exact"] == pytest.approx(2 / 4)
    assert quality["contaminated"]["bass"] is None
    assert set(CLASSES) <= set(quality)


def test_segments_of_three_labels_are_not_of_all():
    table = arm(WORKED)
    before = summary(table, None)
    three, four = np.flatnonzero(audible(table))[:2]
    table.loc[three, LABELS], table.loc[four, LABELS] = [1, 1, 1, 0], 1
    assert summary(table, None)["all_labelled"] == before["all_labelled"] + 1
