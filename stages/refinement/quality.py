"""How right the labels of an arm are, where the truth is known: more than the paper could say."""

import numpy as np
import pandas as pd

from stages.refinement.thresholds import audible
from stages.stems import CLASSES
from stages.stems.segments import LABELS, TRUTHS


def label_quality(table: pd.DataFrame) -> dict | None:
    """Compare the labels of audible segments with the truth; None if the truth of no audible segment is known.

    Returns: accuracy, precision, recall and f1 of each class (0 where nothing divides by nothing), their means over
    the classes, `exact`: the share of segments whose set of labels is exactly the truth, and `contaminated`: of the
    segments of each class's stems, the share that isn't that class alone (None if there is no such segment).
    """
    known = table[audible(table) & table[TRUTHS].notna().all(axis=1).to_numpy()]
    if known.empty:
        return None
    labels, truth = known[LABELS].to_numpy(bool), known[TRUTHS].to_numpy(bool)
    quality = {c: _binary_scores(labels[:, i], truth[:, i]) for i, c in enumerate(CLASSES)}
    averages = {key: float(np.mean([quality[c][key] for c in CLASSES])) for key in quality[CLASSES[0]]}
    return {
        **quality,
        **averages,
        "exact": float((labels == truth).all(axis=1).mean()),
        "contaminated": {c: _contaminated(truth[(known["stem"] == c).to_numpy()], c) for c in CLASSES},
    }


def summary(table: pd.DataFrame, threshold: float | None) -> dict:
    """Count the segments of an arm by how many labels they have; `threshold` is None for nominal labels."""
    heard = audible(table)
    labels = table.loc[heard, LABELS].to_numpy().sum(axis=1)
    return {
        "segments": len(table),
        "silent": int((~heard).sum()),
        "unlabelled": int((labels == 0).sum()),
        "single_labelled": int((labels == 1).sum()),
        "multi_labelled": int((labels > 1).sum()),
        "all_labelled": int((labels == len(CLASSES)).sum()),  # of those; no separator draws them
        "threshold": threshold,
        "label_quality": label_quality(table),
    }


def _binary_scores(label: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    right, given, there = (label & truth).sum(), label.sum(), truth.sum()
    return {
        "accuracy": float((label == truth).mean()),
        "precision": float(right / given) if given else 0.0,
        "recall": float(right / there) if there else 0.0,
        "f1": float(2 * right / (given + there)) if given + there else 0.0,
    }


def _contaminated(truth: np.ndarray, nominal: str) -> float | None:
    """The share of rows of `truth` (segments, 4) that are not exactly the one class `nominal`."""
    alone = np.array([c == nominal for c in CLASSES])
    return float((truth != alone).any(axis=1).mean()) if len(truth) else None
