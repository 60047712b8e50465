"""Separating whole songs: overlapping chunks, cross-faded."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from stages.pipeline.params import Params
from stages.separation.networks import network_named
from stages.stems import CLASSES

OVERLAP = 0.25  # share of a chunk that is faded into the next


def separate(model: torch.nn.Module, network: str, mixture: np.ndarray, params: Params) -> np.ndarray:
    """Estimate the four stems of a song.

    Args:
        model: of `network`, in evaluation mode.
        mixture: (2, frames).

    Returns: float32 (4, 2, frames).
    """
    device = next(model.parameters()).device
    chosen = network_named(network)
    with torch.inference_mode():
        return overlap_add(
            lambda chunk: chosen.estimate(model, chunk[None].to(device), params)[0].cpu(),
            torch.from_numpy(np.ascontiguousarray(mixture, np.float32)),
            chunk=min(round(chosen.chunk_seconds * params.stems.rate), mixture.shape[1]),
        ).numpy()


def overlap_add(estimate: Callable[[Tensor], Tensor], mixture: Tensor, chunk: int, overlap: float = OVERLAP) -> Tensor:
    """Apply `estimate` to overlapping chunks and cross-fade its results, bounding memory by the chunk.

    Args:
        estimate: maps (2, chunk) to (4, 2, chunk).
        mixture: (2, frames), of any length: it is padded with silence to whole chunks.
        chunk: frames of a chunk.

    Returns: (4, 2, frames).
    """
    frames = mixture.shape[1]
    fade = round(chunk * overlap)
    hop = chunk - fade
    count = max(1, -(-(frames - fade) // hop))
    padded = torch.nn.functional.pad(mixture, (0, count * hop + fade - frames))
    result = torch.zeros(len(CLASSES), *padded.shape)
    for index in range(count):
        window = fade_window(chunk, fade, first=index == 0, last=index == count - 1)
        part = slice(index * hop, index * hop + chunk)
        result[:, :, part] += window * estimate(padded[:, part])
    return result[:, :, :frames]


def fade_window(chunk: int, fade: int, first: bool, last: bool) -> Tensor:
    """Weights (chunk,) of a chunk: squared-sine slopes over `fade` frames; neighbours sum to 1."""
    rise = torch.sin(torch.linspace(0, torch.pi / 2, fade + 2)[1:-1]).square()
    window = torch.ones(chunk)
    if fade and not first:
        window[:fade] = rise
    if fade and not last:
        window[-fade:] = 1 - rise
    return window
