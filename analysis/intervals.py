"""How sure a claim is: t intervals over test songs and training seeds, and Holm's correction across claims."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import t
from statsmodels.stats.multitest import multipletests

from analysis.measurements import Measurements, Scores

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """An estimate, its 95 % interval, and one-sided p values.

    p_above: of the hypothesis that the value is not above the bound; p_below: that it is not below.
    """

    value: float
    low: float
    high: float
    p_above: float
    p_below: float


def interval(measurements: Measurements, value: Callable[[Scores], float], bound: float = 0.0) -> Interval:
    """Student's t with the variance that songs bring and, where there are several, the one that seeds bring.

    Each is a jackknife's: the value is taken again without each song, and without each seed. Their degrees of freedom
    together are Satterthwaite's (1946): near the number of seeds, less one, where a value depends on the seed more
    than on the songs. What songs and seeds do together counts in both, which makes the interval rather too wide.

    Args:
        measurements: as `asked_by` gives them.
        value: of some songs and seeds.
        bound: that the p values are about.

    Raises ValueError where there are fewer than two songs.
    """
    without_each = [measurements.without_each_song()]
    if len(without_each[0]) < 2:
        raise ValueError(f"expected at least two songs, got {len(without_each[0])}")
    if len(measurements.seeds) > 1:
        without_each.append(measurements.without_each_seed())
    found = float(value(measurements.all()))
    parts = [jackknife(np.array([value(sample) for sample in samples])) for samples in without_each]
    variance = sum(part for part, _ in parts)
    if variance == 0:  # all songs and seeds agree
        return Interval(found, found, found, float(found <= bound), float(found >= bound))
    freedom = variance**2 / sum(part**2 / freedom for part, freedom in parts)
    distribution = t(freedom, loc=found, scale=variance**0.5)
    low, high = distribution.interval(CONFIDENCE)
    return Interval(found, float(low), float(high), float(distribution.cdf(bound)), float(distribution.sf(bound)))


def jackknife(values: np.ndarray) -> tuple[np.ndarray, int]:
    """Variance of a value, or of several, from those without each unit (units first), and its degrees of freedom."""
    freedom = len(values) - 1
    return freedom * np.var(values, axis=0), freedom


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
