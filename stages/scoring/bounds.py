"""Two rows of Table 2 for scale: no separation at all, and the best that masks of a mixture can do."""

import numpy as np
import torch

from stages.stems import CLASSES


def mixture_estimates(mixture: np.ndarray) -> np.ndarray:
    """The mixture (2, frames) itself, not divided, as the estimate of every class: (4, 2, frames)."""
    return np.stack([mixture] * len(CLASSES))


def ideal_ratio_mask_estimates(mixture: np.ndarray, sources: np.ndarray, fft: int, hop: int) -> np.ndarray:
    """Masks made of the true sources' power, |S|^2 / sum of all |S|^2, applied to the mixture's STFT.

    Args:
        mixture: (2, frames).
        sources: (4, 2, frames).
        fft, hop: of the Hann-windowed STFT, in frames.

    Returns: float32 (4, 2, frames).
    """
    window = torch.hann_window(fft)

    def spectrum(audio: np.ndarray) -> torch.Tensor:
        audio = torch.from_numpy(np.ascontiguousarray(audio, np.float32))
        return torch.stft(audio, fft, hop, window=window, return_complex=True)

    power = torch.stack([spectrum(source).abs().square() for source in sources])
    masks = power / power.sum(dim=0).clamp_min(torch.finfo(power.dtype).tiny)
    spectra = (masks * spectrum(mixture)).flatten(0, 1)
    estimates = torch.istft(spectra, fft, hop, window=window, length=mixture.shape[1])
    return estimates.reshape(sources.shape).numpy()
