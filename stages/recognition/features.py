"""What the classifier sees: log-mel spectrograms of both channels. (The paper doesn't say; an assumption.)"""

import torch
from torchaudio.functional import melscale_fbanks

FLOOR = 1e-6  # of the example's mean power: what lies 60 dB below it is as good as silent, in any recording


class LogMel(torch.nn.Module):
    """Log-mel spectrograms, free of the example's level.

    More stems make a louder mix, so the level would give away how many there are, and a classifier that had learned
    this would fail on real recordings, which are all about equally loud. Hence powers are relative to the example's
    mean over both channels, all bands and all times.
    """

    def __init__(self, rate: int, fft: int, hop: int, bands: int):
        super().__init__()
        filters = melscale_fbanks(fft // 2 + 1, 0.0, rate / 2, bands, rate, norm="slaney", mel_scale="slaney")
        self.fft, self.hop = fft, hop
        self.register_buffer("window", torch.hann_window(fft))
        self.register_buffer("filters", filters.repeat_interleave(2, dim=0))  # for real and imaginary parts in turn

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        """Map audio (batch, 2, frames) to (batch, 2, bands, times), within about -2.5 to 3; silence is constant.

        The times are those of whole windows: (frames - fft) // hop + 1.
        """
        with torch.autocast(audio.device.type, enabled=False):  # powers span more than bfloat16 tells apart
            power = torch.stack([self._mel_power(example) for example in audio])  # one by one: stays in the CPU's cache
        mean = power.mean(dim=(1, 2, 3), keepdim=True).clamp_min(1e-12)
        decades = torch.log10(power / mean + FLOOR)
        return ((decades + 2) / 1.5).transpose(2, 3)

    def _mel_power(self, audio: torch.Tensor) -> torch.Tensor:
        """Map (2, frames) to powers (2, times, bands)."""
        spectrum = torch.fft.rfft(audio.unfold(-1, self.fft, self.hop) * self.window)
        return torch.view_as_real(spectrum).square().flatten(-2) @ self.filters
