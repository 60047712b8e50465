"""Table 1's scores and Figure 4's curves against numbers worked out by hand."""

import numpy as np
import pytest

from stages.scoring.classification import scores, threshold_curve

TARGETS = np.array([[1, 0, 1, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 1, 0]])
PROBABILITIES = np.array(
    [
        [0.9, 0.1, 0.8, 0.6],
        [0.5, 0.1, 0.7, 0.2],  # at the threshold: predicted
        [0.2, 0.1, 0.4, 0.1],
        [0.1, 0.3, 0.6, 0.1],
    ]
)


def test_scores_of_a_worked_example():
    found = scores(PROBABILITIES, TARGETS, 0.5)
    assert found["inputs"] == 4
    assert found["vocals"] == pytest.approx({"accuracy": 1, "precision": 1, "recall": 1, "f1": 1})
    assert found["bass"] == pytest.approx({"accuracy": 3 / 4, "precision": 0, "recall": 0, "f1": 0})
    assert found["drums"] == pytest.approx({"accuracy": 2 / 4, "precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3})
    assert found["other"] == pytest.approx({"accuracy": 3 / 4, "precision": 0, "recall": 0, "f1": 0})
    average = {"accuracy": 3 / 4, "precision": 5 / 12, "recall": 5 / 12, "f1": 5 / 12}
    assert found["avg"] == pytest.approx(average)
    # 16 decisions: 4 true positives, 2 false positives, 2 false negatives
    assert found["pooled"] == pytest.approx({"accuracy": 12 / 16, "precision": 4 / 6, "recall": 4 / 6, "f1": 4 / 6})


def test_every_score_follows_the_threshold():
    everything = scores(PROBABILITIES, TARGETS, 0.0)
    assert everything["avg"]["recall"] == pytest.approx(3 / 4)  # nothing is to be found of other
    assert everything["pooled"]["recall"] == 1
    nothing = scores(PROBABILITIES, TARGETS, 1.0)
    assert nothing["pooled"]["precision"] == nothing["pooled"]["recall"] == 0


def test_threshold_curve_of_a_worked_example():
    curve = threshold_curve(PROBABILITIES, TARGETS)
    assert list(curve.columns) == ["class", "threshold", "precision", "recall"]
    assert len(curve) == 4 * 99
    drums = curve[curve["class"] == "drums"].set_index("threshold")
    assert drums.index[0] == 0.01 and drums.index[-1] == 0.99
    for threshold, precision, recall in ((0.4, 3 / 4, 1), (0.41, 2 / 3, 2 / 3), (0.75, 1, 1 / 3), (0.81, np.nan, 0)):
        assert drums.loc[threshold, ["precision", "recall"]].tolist() == pytest.approx([precision, recall], nan_ok=True)


def test_threshold_curve_agrees_with_the_scores():
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 2, (200, 4))
    probabilities = np.clip(0.6 * targets + 0.5 * rng.random((200, 4)), 0, 1)
    curve = threshold_curve(probabilities, targets).set_index(["class", "threshold"])
    for threshold in (0.25, 0.5, 0.9):
        found = scores(probabilities, targets, threshold)
        for label in ("vocals", "other"):
            for key in ("precision", "recall"):
                assert curve.loc[(label, threshold), key] == pytest.approx(found[label][key])
