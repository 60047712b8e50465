"""The two separators by name: how each is built, trained and applied to a piece of a mixture."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor
from torch.nn import Module

from stages.pipeline.checkpoints import read_weights
from stages.pipeline.errors import InputError
from stages.pipeline.params import HDemucs, Params, Xumx
from stages.pipeline.training import Batch
from stages.separation.hdemucs import hdemucs, hdemucs_loss
from stages.separation.mixtures import TrainingMixtures
from stages.separation.xumx import XUMX, filtered_estimates, input_statistics, xumx_loss


@dataclass(frozen=True)
class Network:
    """A separator's functions.

    build(params, mixtures): a network with fresh weights. Statistics of the input come from `mixtures`; without it
        (before weights are loaded) they are left neutral.
    loss(model, batch): scalar loss of a batch of TrainingMixtures.
    estimate(model, mixtures, params): (batch, 2, samples) to (batch, 4, 2, samples), for evaluation.
    chunk_seconds: the longest piece of a song that is separated at once. Wiener filters learn from long ones.
    """

    build: Callable[[Params, TrainingMixtures | None], Module]
    loss: Callable[[Module, Batch], Tensor]
    estimate: Callable[[Module, Tensor, Params], Tensor]
    chunk_seconds: float


def _build_xumx(params: Params, mixtures: TrainingMixtures | None) -> XUMX:
    settings = params.separation.xumx
    mean, scale = input_statistics(mixtures, settings) if mixtures else (None, None)
    return XUMX(settings, params.stems.rate, mean=mean, scale=scale)


NETWORKS = {
    "xumx": Network(
        build=_build_xumx,
        loss=xumx_loss,
        estimate=lambda model, mixtures, params: filtered_estimates(model, mixtures, params.scoring.wiener_iterations),
        chunk_seconds=30.0,
    ),
    "hdemucs": Network(
        build=lambda params, mixtures: hdemucs(params.separation.hdemucs, params.stems.rate),
        loss=hdemucs_loss,
        estimate=lambda model, mixtures, params: model(mixtures),
        chunk_seconds=6.0,
    ),
}


def network_named(name: str) -> Network:
    """Look up a separator. Raises InputError for an unknown name."""
    if name not in NETWORKS:
        raise InputError(f'unknown network "{name}": expected one of {", ".join(NETWORKS)}')
    return NETWORKS[name]


def network_settings(name: str, params: Params) -> Xumx | HDemucs:
    """The section of the parameters that belongs to a separator."""
    network_named(name)
    return getattr(params.separation, name)


def load_separator(path: Path, network: str, params: Params) -> Module:
    """Build a separator and load its weights; in evaluation mode.

    Raises InputError for an unknown network and for a file that is missing, damaged or of another size.
    """
    return read_weights(network_named(network).build(params, None), path)
