"""Hybrid Demucs (Défossez, 2021, arXiv 2111.03600), the network of the demucs package."""

from demucs.hdemucs import HDemucs
from torch import Tensor, nn

from stages.pipeline.params import HDemucs as Settings
from stages.pipeline.training import Batch
from stages.separation.losses import member_l1
from stages.stems import CLASSES


def hdemucs(settings: Settings, rate: int) -> HDemucs:
    """Build Hybrid Demucs: mixture (batch, 2, samples) to estimates (batch, 4, 2, samples).

    Without `cac`, the spectral branch predicts amplitudes that get the mixture's phase (-1 Wiener iterations) instead
    of complex numbers: in short trainings this learns faster.
    """
    return HDemucs(
        list(CLASSES),
        channels=settings.channels,
        samplerate=rate,
        cac=settings.cac,
        wiener_iters=-1,
        end_iters=-1,
    )


def hdemucs_loss(model: nn.Module, batch: Batch) -> Tensor:
    """L1 on the sums of estimates of a batch of `TrainingMixtures`."""
    return member_l1(model(batch["mixture"]), batch["targets"], batch["groups"])
