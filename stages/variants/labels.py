"""The labels of every variant, from the table of an arm. Only those of `TRUTH_VARIANTS` may look at the truth."""

import numpy as np
import pandas as pd
import torch
from torchmetrics.functional.classification import multilabel_precision_recall_curve

from stages.refinement.thresholds import GRID, audible
from stages.stems import CLASSES
from stages.stems.segments import LABELS, TRUTHS
from stages.variants.names import BY_TRUTH

STREAM = 71  # keeps these random numbers apart from those of other parts


def true_labels(table: pd.DataFrame) -> pd.DataFrame:
    """What is truly in each segment, with no label on the silent ones: the oracle."""
    return _with_labels(table, table[TRUTHS].to_numpy(int) * audible(table)[:, None])


def remove_labels(table: pd.DataFrame, rate: int, seed: int) -> pd.DataFrame:
    """False negatives: the true labels without `rate` percent of them, drawn at random.

    Those that go at a lower rate go at a higher one too.
    """
    labels = true_labels(table)[LABELS].to_numpy(int)
    return _flipped(table, labels, np.argwhere(labels == 1), rate, seed)


def add_labels(table: pd.DataFrame, rate: int, seed: int) -> pd.DataFrame:
    """False positives: the true labels and as many wrong ones as `remove_labels` would take, on audible segments."""
    labels = true_labels(table)[LABELS].to_numpy(int)
    return _flipped(table, labels, np.argwhere((labels == 0) & audible(table)[:, None]), rate, seed)


def _flipped(table: pd.DataFrame, labels: np.ndarray, places: np.ndarray, rate: int, seed: int) -> pd.DataFrame:
    count = round(rate / 100 * labels.sum())
    rows, columns = np.random.default_rng([seed, STREAM]).permutation(places)[:count].T
    labels = labels.copy()
    labels[rows, columns] = 1 - labels[rows, columns]
    return _with_labels(table, labels)


def single_labelled_only(table: pd.DataFrame) -> pd.DataFrame:
    """A refined arm whose multi-labelled segments lose their labels, so that no separator draws them."""
    labels = table[LABELS].to_numpy(int)
    return _with_labels(table, labels * (labels.sum(axis=1, keepdims=True) == 1))


def agreed_only(table: pd.DataFrame) -> pd.DataFrame:
    """An arm whose segments keep their labels where these are the nominal one alone; the others get none.

    Filtering instead of relabelling: no segment gets a label that it did not have.
    """
    nominal = (table["stem"].to_numpy()[:, None] == np.array(CLASSES)).astype(int)
    labels = table[LABELS].to_numpy(int)
    return _with_labels(table, labels * (labels == nominal).all(axis=1, keepdims=True))


def best_thresholds(probabilities: np.ndarray, targets: np.ndarray) -> list[float]:
    """The threshold of each class, among 0.01 to 0.99, at which its F1 is highest; of equal ones the lowest.

    Args: both (inputs, 4).
    """
    precision, recall, _ = multilabel_precision_recall_curve(
        torch.from_numpy(probabilities), torch.from_numpy(targets).int(), len(CLASSES), torch.from_numpy(GRID)
    )
    f1 = (2 * precision * recall / (precision + recall)).nan_to_num(0.0)[:, :-1]  # the last point is torchmetrics' own
    return GRID[f1.argmax(dim=1).numpy()].tolist()


def from_truth(table: pd.DataFrame, variant: str, seed: int) -> pd.DataFrame:
    """The labels of one of `TRUTH_VARIANTS`."""
    if variant == "oracle":
        return true_labels(table)
    if variant == BY_TRUTH:
        return agreed_only(true_labels(table))
    change, rate = variant.split("_")
    return {"removed": remove_labels, "added": add_labels}[change](table, int(rate), seed)


def _with_labels(table: pd.DataFrame, labels: np.ndarray) -> pd.DataFrame:
    return table.assign(**dict(zip(LABELS, labels.T, strict=True)))
