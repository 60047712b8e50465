"""The separators' losses, extended to mixtures in which one segment carries several labels.

A mixture's members are its segments. `groups`, of shape (batch, 4, 4), says which classes each member carries: row i
belongs to the member whose audio is target i; the rows of unused targets are zero (see `mixtures.py`). A member's
audio is compared with the sum of the estimates of its classes (paper, section on multi-labelled data), so its
gradient is the same for each of them and nothing is asked of their split.
"""

from itertools import combinations

import torch
from torch import Tensor

from stages.stems import CLASSES

# The 14 proper, non-empty subsets of the four classes as rows of 0 and 1.
SUBSETS = torch.tensor(
    [[float(k in subset) for k in range(len(CLASSES))]
     for size in range(1, len(CLASSES)) for subset in combinations(range(len(CLASSES)), size)]
)  # fmt: skip
TIME_WEIGHT = 10.0  # X-UMX: L = L_freq + 10 L_time
EPSILON = 1e-8  # of energies; keeps the gradient of a silent signal's norm finite


def member_estimates(estimates: Tensor, groups: Tensor) -> Tensor:
    """Sum the estimates of each member's classes.

    Args:
        estimates: (batch, 4, ...), one for each class.
        groups: (batch, 4, 4).

    Returns: (batch, 4, ...), in the slots of the members' targets; zero where a slot is unused.
    """
    return torch.einsum("bij,bj...->bi...", groups, estimates)


def member_l1(estimates: Tensor, targets: Tensor, groups: Tensor) -> Tensor:
    """Hybrid Demucs's loss: mean absolute error, averaged over the members of each mixture, then over the batch.

    Args:
        estimates, targets: (batch, 4, channels, frames).
        groups: (batch, 4, 4).
    """
    error = (member_estimates(estimates, groups) - targets).abs().mean(dim=(2, 3))
    used = groups.amax(dim=2)
    return ((error * used).sum(dim=1) / used.sum(dim=1)).mean()


def whole_subsets(groups: Tensor) -> Tensor:
    """Which of the 14 subsets split no member: 0 or 1 of shape (batch, 14).

    All 14 if every member has one label, 6 if one has two labels, 2 if one has three.
    """
    inside = torch.einsum("bij,kj->bki", groups, SUBSETS.to(groups))
    size = groups.sum(dim=2)[:, None]
    return ((inside == 0) | (inside == size)).all(dim=2).to(groups)


def combination_loss(magnitudes: Tensor, estimates: Tensor, spectra: Tensor, targets: Tensor, groups: Tensor) -> Tensor:
    """X-UMX's multi-domain combination loss, L_freq + 10 L_time (Sawata et al., ICASSP 2021, arXiv 2010.04228).

    Both are averaged over the subsets of classes that split no member, then over the batch: 14 subsets for a
    mixture of single-labelled segments, as X-UMX has it.

    Args:
        magnitudes: (batch, 4, channels, bins, frames) of the estimates.
        estimates: (batch, 4, channels, samples), their waveforms.
        spectra: (batch, 4, channels, bins, frames), complex, of the targets.
        targets: (batch, 4, channels, samples).
        groups: (batch, 4, 4).
    """
    whole = whole_subsets(groups)
    weights = whole / whole.sum(dim=1, keepdim=True) / len(whole)
    frequency = (weights * subset_magnitude_errors(magnitudes, spectra)).sum()
    time = (weights * subset_weighted_sdr(estimates, targets)).sum()
    return frequency + TIME_WEIGHT * time


def subset_magnitude_errors(magnitudes: Tensor, spectra: Tensor) -> Tensor:
    """Mean squared error between the summed estimated magnitudes and the magnitude of the summed targets.

    All estimates share the mixture's phase, so the sum of their magnitudes is the magnitude of their sum.
    The square is multiplied out: only inner products of magnitudes carry a gradient, and the 14 sums of estimates are
    never stored.

    Args: magnitudes and complex spectra of shape (batch, 4, channels, bins, frames).

    Returns: (batch, 14). Unused targets are zero, so a subset that holds a whole member holds its audio once.
    """
    subsets = SUBSETS.to(magnitudes)
    flat, spectra = magnitudes.mT.flatten(2), spectra.mT.flatten(2)  # frames before bins: so they lie in memory
    with torch.no_grad():
        real, imaginary = (torch.stack([subsets @ x for x in part]) for part in (spectra.real, spectra.imag))
        target = real.square_().add_(imaginary.square_()).sqrt_()  # (batch, 14, channels * bins * frames)
        target_energy = torch.stack([row @ row for row in target.flatten(0, 1)]).unflatten(0, target.shape[:2])
    products, cross = flat @ flat.transpose(1, 2), flat @ target.transpose(1, 2)
    energy = torch.einsum("ki,bij,kj->bk", subsets, products, subsets)
    return (energy - 2 * torch.einsum("ki,bik->bk", subsets, cross) + target_energy) / flat.shape[2]


def subset_weighted_sdr(estimates: Tensor, targets: Tensor) -> Tensor:
    """Weighted SDR loss of every subset (Choi et al., ICLR 2019), between -1 (perfect) and 1.

    With s the sum of a subset's targets, n that of the others, and s', n' = mixture - s' their estimates:
    -a cos(s, s') - (1 - a) cos(n, n'), where a = |s|^2 / (|s|^2 + |n|^2). The mixture is the sum of the targets.

    All of these are inner products of sums of the same eight signals, so the eight are multiplied with each other
    once, and the 14 subsets cost next to nothing.

    Args: estimates and targets of shape (batch, 4, channels, samples).

    Returns: (batch, 14), averaged over the channels.
    """
    signals = torch.cat([estimates, targets], dim=1).transpose(1, 2)  # (batch, channels, 8, samples)
    products = signals @ signals.transpose(2, 3)
    subsets = SUBSETS.to(products)
    nothing = torch.zeros_like(subsets)
    target = torch.cat([nothing, subsets], dim=1)  # as coefficients of the eight signals
    estimate = torch.cat([subsets, nothing], dim=1)
    rest = torch.cat([nothing, 1 - subsets], dim=1)
    rest_estimate = torch.cat([-subsets, torch.ones_like(subsets)], dim=1)

    def inner(a: Tensor, b: Tensor) -> Tensor:
        return torch.einsum("ki,bcij,kj->bck", a, products, b)

    def cosine(a: Tensor, b: Tensor) -> Tensor:
        return inner(a, b) * ((inner(a, a).relu() + EPSILON) * (inner(b, b).relu() + EPSILON)).rsqrt()

    energy, rest_energy = inner(target, target), inner(rest, rest)
    share = energy / (energy + rest_energy + EPSILON)
    return -(share * cosine(target, estimate) + (1 - share) * cosine(rest, rest_estimate)).mean(dim=1)
