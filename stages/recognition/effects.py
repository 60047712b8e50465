"""The four effects on stems before they are mixed: compression, reverb, stereo imaging, loudness.

The paper names them and no more. Their ranges, all uniform, are assumptions of this project: from hardly audible to
clearly so, yet still music. Each of the first three keeps the level of the stem, so that only loudness changes it.
"""

import numpy as np
from pedalboard import Compressor, Reverb

COMPRESSOR_DB = (-18.0, 3.0)  # threshold, relative to the stem's RMS level
COMPRESSOR_RATIO = (2.0, 8.0)
COMPRESSOR_ATTACK = (1.0, 30.0)  # ms
COMPRESSOR_RELEASE = (30.0, 300.0)  # ms
REVERB_ROOM = (0.1, 0.9)  # size, damping, wet share and width are on the scale of Freeverb, 0 to 1
REVERB_DAMPING = (0.1, 0.9)
REVERB_WET = (0.05, 0.5)
REVERB_WIDTH = (0.3, 1.0)
SIDE_GAIN = (0.0, 2.0)  # 0 is mono, 1 leaves the width as it is
PAN = (-np.pi / 9, np.pi / 9)  # rotation of the stereo plane
LOUDNESS_DB = (-12.0, 6.0)


def apply_effects(audio: np.ndarray, rate: int, probability: float, rng: np.random.Generator) -> np.ndarray:
    """Apply each of the four effects, in their order, with `probability`.

    Args:
        audio: one stem segment, float32 of shape (2, frames).
        rate: of sampling, Hz.

    Returns: the same shape and type; a reverb's tail is cut off at the end.
    """
    for effect in (compress, reverberate, widen, change_loudness):
        if rng.random() < probability:
            audio = effect(audio, rate, rng)
    return audio


def compress(audio: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Compress the dynamic range above a threshold near the stem's own level."""
    plugin = Compressor(
        threshold_db=20 * np.log10(max(_rms(audio), 1e-6)) + rng.uniform(*COMPRESSOR_DB),
        ratio=rng.uniform(*COMPRESSOR_RATIO),
        attack_ms=rng.uniform(*COMPRESSOR_ATTACK),
        release_ms=rng.uniform(*COMPRESSOR_RELEASE),
    )
    return _at_level(plugin(audio, rate), audio)


def reverberate(audio: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Add an algorithmic reverb (Freeverb) of random size."""
    wet = rng.uniform(*REVERB_WET)
    plugin = Reverb(
        room_size=rng.uniform(*REVERB_ROOM),
        damping=rng.uniform(*REVERB_DAMPING),
        wet_level=wet,
        dry_level=1 - wet,
        width=rng.uniform(*REVERB_WIDTH),
    )
    return _at_level(plugin(audio, rate), audio)


def widen(audio: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Change the stereo image: scale the side signal, then turn the whole image to one side."""
    side_gain, pan = rng.uniform(*SIDE_GAIN), rng.uniform(*PAN)
    middle, side = np.array([[0.5, 0.5], [0.5 * side_gain, -0.5 * side_gain]], np.float32) @ audio
    turn = np.array([[np.cos(pan), -np.sin(pan)], [np.sin(pan), np.cos(pan)]], np.float32)
    return _at_level(turn @ np.stack([middle + side, middle - side]), audio)


def change_loudness(audio: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Change the level."""
    return audio * np.float32(10 ** (rng.uniform(*LOUDNESS_DB) / 20))


def _rms(audio: np.ndarray) -> float:
    return float(np.sqrt(np.vdot(audio, audio) / audio.size))


def _at_level(audio: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """`audio` at the RMS level of `reference`; a stem that the effect silenced stays as it was."""
    level = _rms(audio)
    return audio * np.float32(_rms(reference) / level) if level > 1e-6 else reference
