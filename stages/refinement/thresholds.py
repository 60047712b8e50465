"""From probabilities to labels (paper, section on refining)."""

import numpy as np
import pandas as pd

from stages.stems.segments import LABELS, PROBABILITIES

GRID = np.arange(1, 100) / 100  # thresholds that curves are drawn over and the best one is looked for among


def audible(table: pd.DataFrame) -> np.ndarray:
    """Which segments are not silent, of shape (rows,): silent ones alone have the probability 0 for every class."""
    return (table[PROBABILITIES].to_numpy() > 0).any(axis=1)


def apply_threshold(table: pd.DataFrame, threshold: float | list[float]) -> pd.DataFrame:
    """Label each segment with the classes whose probability is at least `threshold`; a silent one with none.

    `threshold` is the same for every class, or a list with one for each.
    Threshold 0 gives every audible segment every class, threshold 1 only the classes that are certain.
    """
    labels = (table[PROBABILITIES].to_numpy() >= threshold) & audible(table)[:, None]
    return table.assign(**dict(zip(LABELS, labels.T.astype(int), strict=True)))
