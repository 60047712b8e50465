"""CrossNet-Open-Unmix (Sawata et al., ICASSP 2021, arXiv 2010.04228) on open-unmix's own modules."""

from typing import NamedTuple

import numpy as np
import torch
from openunmix.filtering import wiener
from openunmix.model import OpenUnmix
from torch import Tensor, nn

from stages.pipeline.params import Xumx
from stages.pipeline.training import Batch
from stages.separation.losses import combination_loss
from stages.separation.mixtures import TrainingMixtures
from stages.stems import CLASSES

STATISTICS_BATCHES = 4


class Estimate(NamedTuple):
    """Masks (batch, sources, 2, bins, frames) on the mixture's complex spectrum (batch, 2, bins, frames)."""

    masks: Tensor
    mixture: Tensor

    @property
    def magnitudes(self) -> Tensor:
        """(batch, sources, 2, bins, frames)."""
        return self.masks * self.mixture.abs()[:, None]

    @property
    def spectra(self) -> Tensor:
        """(batch, sources, 2, bins, frames), complex, with the mixture's phase."""
        mixture = self.mixture[:, None]
        return torch.complex(self.masks * mixture.real, self.masks * mixture.imag)  # no complex copy of the masks


class XUMX(nn.Module):
    """One Open-Unmix network for each source, bridged at two points by means over the sources.

    The mean of the encoded inputs feeds every BLSTM; the mean of the encoded inputs and BLSTM outputs, concatenated,
    feeds every decoder. The crossings have no parameters: with a single source this is Open-Unmix.
    """

    def __init__(
        self,
        settings: Xumx,
        rate: int,
        sources: tuple[str, ...] = CLASSES,
        mean: np.ndarray | None = None,
        scale: np.ndarray | None = None,
    ) -> None:
        """Args: mean and standard deviation of each bin of the input magnitudes, shape (fft // 2 + 1,)."""
        super().__init__()
        self.fft, self.hop = settings.fft, settings.hop
        bins = self.fft // 2 + 1
        inside = min(bins, int(settings.bandwidth * self.fft / rate) + 1)
        self.trunks = nn.ModuleDict({
            name: OpenUnmix(bins, 2, settings.hidden, max_bin=inside, input_mean=mean, input_scale=scale)
            for name in sources
        })  # fmt: skip
        for trunk in self.trunks.values():  # masks start as equal shares of the mixture, not as all of it for each
            nn.init.constant_(trunk.output_mean, 1 / len(sources))
        self.register_buffer("window", torch.hann_window(self.fft), persistent=False)

    def spectrum(self, audio: Tensor) -> Tensor:
        """Complex STFT (..., bins, frames) of audio (..., samples)."""
        flat = audio.reshape(-1, audio.shape[-1])
        spectrum = torch.stft(flat, self.fft, self.hop, window=self.window, return_complex=True)
        return spectrum.reshape(*audio.shape[:-1], *spectrum.shape[-2:])

    def waveform(self, spectrum: Tensor, samples: int) -> Tensor:
        """Audio (..., samples) of a complex STFT (..., bins, frames)."""
        flat = spectrum.reshape(-1, *spectrum.shape[-2:])
        audio = torch.istft(flat, self.fft, self.hop, window=self.window, length=samples)
        return audio.reshape(*spectrum.shape[:-2], samples)

    def forward(self, mixture: Tensor) -> Estimate:
        """Args: mixture (batch, 2, samples)."""
        spectrum = self.spectrum(mixture)
        return Estimate(self.masks(spectrum.abs()), spectrum)

    def masks(self, magnitude: Tensor) -> Tensor:
        """Masks (batch, sources, 2, bins, frames) on the mixture's magnitude (batch, 2, bins, frames)."""
        mixture = magnitude.permute(3, 0, 1, 2)  # frames first, as the BLSTMs want it
        encoded = [encode(trunk, mixture) for trunk in self.trunks.values()]
        bridge = torch.stack(encoded).mean(dim=0)
        joined = [torch.cat([x, trunk.lstm(bridge)[0]], dim=-1) for x, trunk in zip(encoded, self.trunks.values())]
        bridge = torch.stack(joined).mean(dim=0)
        masks = torch.stack([decode(trunk, bridge) for trunk in self.trunks.values()])
        return masks.permute(2, 0, 3, 4, 1)


def encode(trunk: OpenUnmix, mixture: Tensor) -> Tensor:
    """Open-Unmix up to its BLSTM: magnitudes (frames, batch, 2, bins) to (frames, batch, hidden)."""
    frames, batch = mixture.shape[:2]
    x = (mixture[..., : trunk.nb_bins] + trunk.input_mean) * trunk.input_scale
    x = trunk.bn1(trunk.fc1(x.reshape(frames * batch, -1)))
    return torch.tanh(x.reshape(frames, batch, -1))


def decode(trunk: OpenUnmix, x: Tensor) -> Tensor:
    """Open-Unmix after its BLSTM: (frames, batch, 2 hidden) to a mask (frames, batch, 2, bins)."""
    frames, batch = x.shape[:2]
    x = torch.relu(trunk.bn2(trunk.fc2(x.reshape(frames * batch, -1))))
    x = trunk.bn3(trunk.fc3(x)).reshape(frames, batch, 2, -1)
    return torch.relu(x * trunk.output_scale + trunk.output_mean)


def input_statistics(mixtures: TrainingMixtures, settings: Xumx) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each bin over the first training mixtures, as Open-Unmix scales its input.

    Both channels' magnitudes are averaged first; the deviation is at least 1e-4 of the largest.
    """
    window = torch.hann_window(settings.fft)
    frames = []
    for step in range(STATISTICS_BATCHES):
        mixture = mixtures[step]["mixture"]
        spectrum = torch.stft(mixture.flatten(0, 1), settings.fft, settings.hop, window=window, return_complex=True)
        frames.append(spectrum.abs().unflatten(0, mixture.shape[:2]).mean(dim=1).transpose(1, 2).flatten(0, 1))
    frames = torch.cat(frames).numpy()
    deviation = frames.std(axis=0)
    return frames.mean(axis=0), np.maximum(deviation, 1e-4 * deviation.max())


def xumx_loss(model: nn.Module, batch: Batch) -> Tensor:
    """The multi-domain combination loss of a batch of `TrainingMixtures`."""
    estimate = model(batch["mixture"])
    waveforms = model.waveform(estimate.spectra, batch["mixture"].shape[-1])
    spectra = model.spectrum(batch["targets"])
    return combination_loss(estimate.magnitudes, waveforms, spectra, batch["targets"], batch["groups"])


def filtered_estimates(model: XUMX, mixture: Tensor, iterations: int) -> Tensor:
    """Separate with open-unmix's multichannel Wiener filter, without a residual source.

    Args:
        mixture: (batch, 2, samples); one chunk of a song, since the filter's memory grows with its length.
        iterations: of expectation maximisation; none leaves the masked mixtures as they are.

    Returns: (batch, sources, 2, samples).
    """
    estimate = model(mixture)
    spectra = estimate.spectra
    if iterations:
        magnitudes = estimate.magnitudes.permute(0, 4, 3, 2, 1)  # (batch, frames, bins, channels, sources)
        mixtures = torch.view_as_real(estimate.mixture).permute(0, 3, 2, 1, 4)
        filtered = [wiener(m, x, iterations, residual=False) for m, x in zip(magnitudes, mixtures, strict=True)]
        spectra = torch.view_as_complex(torch.stack(filtered).permute(0, 5, 3, 2, 1, 4).contiguous())
    return model.waveform(spectra, mixture.shape[-1])
