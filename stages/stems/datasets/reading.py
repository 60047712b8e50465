"""Reading a recorded song: parts at one rate, in stereo, of one length, and at a level at which no sum clips."""

from pathlib import Path

import numpy as np
import soundfile

from stages.pipeline.errors import InputError
from stages.stems.audio import resample
from stages.stems.datasets import Recording, SourceFile
from stages.stems.songs import CEILING, largest_sums


def read_recording(recording: Recording, rate: int) -> list[np.ndarray]:
    """Audio of each of a recording's parts: float32 (2, frames) at `rate` Hz, shorter parts padded with silence.

    A song that could clip when some of its parts are summed is made softer as a whole. Raises InputError naming the
    first file that is missing, damaged, or neither mono nor stereo.
    """
    parts = [read_part(source, rate) for source in recording.sources]
    frames = max(part.shape[1] for part in parts)
    parts = [np.pad(part, ((0, 0), (0, frames - part.shape[1]))) for part in parts]
    largest = float(largest_sums(parts).max())
    if largest > CEILING:
        for part in parts:
            part *= np.float32(CEILING / largest)
    return parts


def read_part(source: SourceFile, rate: int | None = None) -> np.ndarray:
    """Audio of one part: float32 (2, frames) at `rate` Hz (its own if None); mono becomes two equal channels."""
    check_file(source.path)
    if source.stream is None:
        audio, own_rate = _read_file(source.path)
    else:
        audio, own_rate = _read_stream(source.path, source.stream)
    if audio.shape[1] > 2:
        raise InputError(f"{source.path}: expected 1 or 2 channels, got {audio.shape[1]}")
    if not len(audio):
        raise InputError(f"{source.path}: expected audio, it has no frames: copy it again")
    if not np.isfinite(audio).all():
        raise InputError(f"{source.path}: holds NaN or infinite samples: copy it again")
    audio = resample(audio.T, own_rate, rate or own_rate)
    return np.ascontiguousarray(np.broadcast_to(audio, (2, audio.shape[1])), np.float32)


def missing_line(path: Path) -> str:
    """What is said of a file that is not there."""
    return f"{path}: missing: copy it into the data set"


def check_file(path: Path) -> None:
    """Raises InputError for a file that is missing, empty, or a WAV file shorter than its header says."""
    if not path.is_file():
        raise InputError(missing_line(path))
    size = path.stat().st_size
    if size == 0:
        raise InputError(f"{path}: empty: copy it again")
    with path.open("rb") as file:
        header = file.read(8)
    stated = int.from_bytes(header[4:8], "little")
    if header[:4] == b"RIFF" and stated not in (0, 0xFFFFFFFF) and size < stated + 8:  # 0 and -1: written as a stream
        raise InputError(f"{path}: cut short, {size} of {stated + 8} bytes: copy it again")


def _read_file(path: Path) -> tuple[np.ndarray, int]:
    try:
        return soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise InputError(f"{path}: expected a readable audio file: {error.error_string}: copy it again") from error


def _read_stream(path: Path, stream: int) -> tuple[np.ndarray, int]:
    """One stream of a .stem.mp4, decoded by ffmpeg as the musdb package does."""
    import stempeg

    try:
        return stempeg.read_stems(str(path), stem_id=stream)
    except Exception as error:  # ffmpeg's failures come as several types, RuntimeError and IndexError among them
        reason = str(error)[:200]
        raise InputError(f"{path}: expected a .stem.mp4 with stream {stream}: {reason}: copy it again") from error
