"""Reading and writing WAV files, with every way in which one can be bad turned into one line."""

from math import gcd
from pathlib import Path

import numpy as np
import soundfile

from stages.pipeline.errors import InputError
from stages.pipeline.files import atomic_file


def read_audio(path: Path, start: int, stop: int, rate: int | None = None) -> np.ndarray:
    """Read frames `start` to `stop` of a stereo file as float32 of shape (2, frames), full scale 1.

    Raises InputError for a file that is missing, not audio, cut short, not stereo, not at `rate` Hz (if given) or
    that holds NaN or infinite samples.
    """
    try:
        with soundfile.SoundFile(path) as file:
            if file.channels != 2:
                raise InputError(f"{path}: expected 2 channels, got {file.channels}")
            if rate is not None and file.samplerate != rate:
                raise InputError(f"{path}: expected a sampling rate of {rate} Hz, got {file.samplerate}")
            if not 0 <= start < stop <= file.frames:
                raise InputError(f"{path}: expected frames {start} to {stop}, the file has {file.frames}")
            file.seek(start)
            audio = file.read(stop - start, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise InputError(f"{path}: expected a readable WAV file: {error.error_string}") from error
    if len(audio) != stop - start:
        raise InputError(
            f"{path}: expected {stop - start} frames from frame {start}, got {len(audio)}: the file is cut short"
        )
    if not np.isfinite(audio).all():
        raise InputError(f"{path}: frames {start} to {stop} hold NaN or infinite samples")
    return np.ascontiguousarray(audio.T)


def write_audio(path: Path, audio: np.ndarray, rate: int) -> None:
    """Write float audio of shape (2, frames) as 16-bit PCM. Raises InputError where it would clip or is not finite."""
    peak = float(np.abs(audio).max(initial=0.0))
    if not peak <= 1.0:
        raise InputError(f"{path}: expected samples within ±1, got a peak of {peak}")
    with atomic_file(path) as temporary:
        try:
            soundfile.write(temporary, audio.T, rate, subtype="PCM_16")
        except soundfile.LibsndfileError as error:
            raise InputError(f"{path}: cannot be written (is the disk full?): {error.error_string}") from error


def resample(audio: np.ndarray, rate: int, new_rate: int) -> np.ndarray:
    """Audio (..., frames) at another rate in Hz; the very same array where the rates are equal."""
    if rate == new_rate:
        return audio
    from scipy.signal import resample_poly  # half a second, which the stages that only read don't have to wait

    common = gcd(rate, new_rate)
    return resample_poly(audio, new_rate // common, rate // common, axis=-1)


def level_db(audio: np.ndarray) -> float:
    """The RMS level of an array of samples over all its channels, in dB of full scale; -inf for silence."""
    power = float(np.mean(np.square(audio, dtype=np.float64))) if audio.size else 0.0
    return 10 * np.log10(power) if power > 0 else -np.inf
