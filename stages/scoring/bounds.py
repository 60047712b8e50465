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

    def power(source: np.ndarray) -> torch.Tensor:
        return spectrum(source).abs().square()

    # One source after the other, twice, since all spectra of a long song at once would need gigabytes.
    everything = sum(map(power, sources))
    masked = spectrum(mixture) / everything.clamp_min(torch.finfo(everything.dtype).tiny)
    return np.stack([
        torch.istft(power(source) * masked, fft, hop, window=window, length=mixture.shape[1]).numpy()
        for source in sources
    ])  # fmt: skip
