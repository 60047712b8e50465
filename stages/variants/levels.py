"""A separator heard as a classifier: a class is there if its estimate is loud enough."""

import torch
from torch import Tensor, nn

from stages.pipeline.params import Params
from stages.separation.networks import network_named

CERTAIN = 1e-6  # shares are kept this far from 0 and 1, whose logits are infinite


class Levels(nn.Module):
    """The root of each estimate's share of the four's energy, in the form of a classifier's logits.

    1 where all of the energy is one class's; of two equally loud classes both have 0.71.
    """

    def __init__(self, separator: nn.Module, network: str, params: Params) -> None:
        super().__init__()
        self.separator, self.network, self.params = separator, network_named(network), params

    def forward(self, audio: Tensor) -> Tensor:
        """Args: audio (batch, 2, frames). Returns: (batch, 4), whose sigmoids' squares sum to 1."""
        energies = self.network.estimate(self.separator, audio, self.params).double().square().mean(dim=(2, 3))
        total = energies.sum(dim=1, keepdim=True).clamp_min(torch.finfo(torch.double).tiny)
        return torch.logit((energies / total).sqrt(), eps=CERTAIN)
