"""Reading a recorded song: parts at one rate, in stereo, of one length, and at a level at which no sum clips."""

from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import soundfile

from stages.pipeline.errors import InputError
from stages.stems.audio import resample
from stages.stems.datasets import Recording, SourceFile
from stages.stems.songs import CEILING, largest_sums

PIECE = 2**20  # frames
LONGEST = 2**36  # frames that a FLAC header can promise; libsndfile has a larger number for one that says nothing
LOUDEST = 16.0  # of full scale; a file above it holds integers as floats, beside which all others would be silence
SHORTFALL = 0.1  # seconds that a decoder may leave out at the ends
UNKNOWN_LENGTH = "its header does not say how long it is, so nothing tells whether it is whole: write it again"


def read_recording(recording: Recording, rate: int) -> list[np.ndarray]:
    """Audio of each of a recording's parts: float32 (2, frames) at `rate` Hz, shorter parts padded with silence.

    A song that could clip when some of its parts are summed is made softer as a whole. Raises InputError naming the
    first file that is missing, damaged, of another scale, or neither mono nor stereo.
    """
    parts = [read_part(source, rate) for source in recording.sources]
    frames = max(part.shape[1] for part in parts)
    parts = [part if part.shape[1] == frames else np.pad(part, ((0, 0), (0, frames - part.shape[1]))) for part in parts]
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
    if (peak := max(audio.max(), -audio.min())) > LOUDEST:
        raise InputError(f"{source.path}: expected samples near ±1, got a peak of {peak:.0f}: write it again")
    audio = resample(audio.T, own_rate, rate or own_rate)
    return np.ascontiguousarray(np.broadcast_to(audio, (2, audio.shape[1])), np.float32)


def missing_line(path: Path) -> str:
    """What is said of a file that is not there."""
    return f"{path}: missing: copy it into the data set"


def check_file(path: Path) -> None:
    """Raises InputError for a file that is missing or empty, and for a WAV or MP4 file that is shorter than it says.

    So for one that does not say, as where it was written to a pipe: cut short, it would read as if it were whole.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{str(path)!a}: expected a path in UTF-8: rename it") from error
    if not path.is_file():
        raise InputError(missing_line(path))
    size = path.stat().st_size
    if size == 0:
        raise InputError(f"{path}: empty: copy it again")
    with path.open("rb") as file:
        stated = _stated_size(file, size)
    if stated is None:
        raise InputError(f"{path}: {UNKNOWN_LENGTH}")
    if size < stated:
        raise InputError(f"{path}: cut short, {size} of {stated} bytes: copy it again")


def _stated_size(file: BinaryIO, size: int) -> int | None:
    """How long a WAV or MP4 file says that it is, in bytes; None if it doesn't say; 0 for files of other formats."""
    header = file.read(28)
    if header[:4] in (b"RIFF", b"RF64"):  # RF64 has its length in its first chunk, ds64
        stated = header[4:8] if header[:4] == b"RIFF" else header[20:28]
        return None if stated.strip(b"\0") == b"" or stated.strip(b"\xff") == b"" else _number(stated, "little") + 8
    if header[4:8] != b"ftyp":
        return 0
    place = 0
    while place < size:  # from one of its boxes to the next
        file.seek(place)
        head = file.read(16)
        length = _number(head[:4], "big")
        length = _number(head[8:16], "big") if length == 1 else length
        if length < 8:
            return None
        place += length
    return place


def _number(data: bytes, order: Literal["little", "big"]) -> int:
    return int.from_bytes(data, order)


def _read_file(path: Path) -> tuple[np.ndarray, int]:
    """A file's audio (frames, channels), read piece by piece: a damaged header may promise any number of frames."""
    try:
        with soundfile.SoundFile(path) as file:
            rate, stated, pieces = file.samplerate, file.frames, []
            if stated > LONGEST:
                raise InputError(f"{path}: {UNKNOWN_LENGTH}")
            while len(piece := file.read(PIECE, dtype="float32", always_2d=True)):
                pieces.append(piece)
    except soundfile.LibsndfileError as error:
        raise InputError(f"{path}: expected a readable audio file: {error.error_string}: copy it again") from error
    frames = sum(map(len, pieces))
    if frames != stated:
        raise InputError(f"{path}: cut short or damaged, {frames} of {stated} frames: copy it again")
    return np.concatenate(pieces or [np.zeros((0, 1), np.float32)]), rate


def _read_stream(path: Path, stream: int) -> tuple[np.ndarray, int]:
    """One stream of a .stem.mp4, decoded by ffmpeg as the musdb package does."""
    import stempeg

    try:
        stated = stempeg.Info(str(path)).duration(stream)
        audio, rate = stempeg.read_stems(str(path), stem_id=stream)
    except Exception as error:  # ffmpeg's failures come as several types, RuntimeError and IndexError among them
        reason = str(error)[:200]
        raise InputError(f"{path}: expected a .stem.mp4 with stream {stream}: {reason}: copy it again") from error
    if len(audio) / rate < stated - SHORTFALL:  # ffmpeg skips what it cannot decode
        raise InputError(f"{path}: stream {stream}: damaged, {len(audio) / rate:.1f} of {stated:.1f} s: copy it again")
    return audio, rate
