"""How sure a claim is: a paired bootstrap over test songs and seeds, and Holm's correction across claims."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import bootstrap
from statsmodels.stats.multitest import multipletests

from analysis.measurements import Measurements, Resampled

RESAMPLES = 4999
CONFIDENCE = 0.95
BATCH = 500  # resamples at a time, for the memory


@dataclass(frozen=True)
class Interval:
    """An estimate, its 95 % percentile interval, and one-sided p values.

    p_above: of the hypothesis that the value is not above the bound; p_below: that it is not below.
    """

    value: float
    low: float
    high: float
    p_above: float
    p_below: float


def interval(measurements: Measurements, value: Callable[[Resampled], np.ndarray], bound: float = 0.0) -> Interval:
    """Resample songs and, where there are several, seeds (crossed, each with replacement), the same for every arm.

    Args:
        value: of a batch of resamples, shape (resamples,).
        bound: that the p values are about.

    Raises ValueError where there are fewer than two songs.
    """
    songs, seeds = np.arange(len(measurements.songs)), np.arange(len(measurements.seeds))

    def statistic(*drawn: np.ndarray, axis: int) -> np.ndarray:
        shape = drawn[0].shape[:-1]
        chosen_songs = drawn[0].reshape(-1, len(songs))
        chosen_seeds = drawn[1].reshape(-1, len(seeds)) if len(drawn) > 1 else np.zeros((len(chosen_songs), 1), int)
        return value(Resampled(measurements, chosen_songs, chosen_seeds)).reshape(shape)

    units = (songs, seeds) if len(seeds) > 1 else (songs,)
    result = bootstrap(
        units, statistic, n_resamples=RESAMPLES, batch=BATCH, vectorized=True, axis=-1,
        confidence_level=CONFIDENCE, method="percentile", rng=np.random.default_rng(0),
    )  # fmt: skip
    drawn = result.bootstrap_distribution
    return Interval(
        value=value(measurements.as_measured()).item(),
        low=result.confidence_interval.low.item(),
        high=result.confidence_interval.high.item(),
        p_above=(1 + int((drawn <= bound).sum())) / (1 + RESAMPLES),
        p_below=(1 + int((drawn >= bound).sum())) / (1 + RESAMPLES),
    )


def two_sided(intervals: list[Interval]) -> tuple[bool, float]:
    """The direction of a claim that needs every one of its values above its bound, and its p value.

    It is true if all are above, so the weakest decides; false if any is below, of which the strongest is taken as
    often as there were chances (Bonferroni). The smaller of the two, doubled, is the p value.
    """
    true = max(part.p_above for part in intervals)
    false = min(1.0, len(intervals) * min(part.p_below for part in intervals))
    return true <= false, min(1.0, 2 * min(true, false))


def holm(p_values: list[float]) -> list[float]:
    """Corrected for their number (Holm, 1979)."""
    return multipletests(p_values, method="holm")[1].tolist()
