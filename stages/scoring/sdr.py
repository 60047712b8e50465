"""Signal-to-distortion ratio, frame by frame (museval, BSSEval v4) and over whole tracks.

museval's SDR needs none of its distortion filters: it is 10 log10 of |s|^2 / |s - s'|^2 in each frame, so it is
computed directly here (tests/test_sdr.py compares the two), and its other metrics only on request.
"""

import shutil
from collections.abc import Mapping

import numpy as np

from stages.pipeline.errors import InputError
from stages.stems import CLASSES

SDX_DELTA = 1e-7  # added to both energies by the Sound Demixing challenge
MUSEVAL_METRICS = ("isr", "sir", "sar")

Scores = dict[str, object]


def frame_sdr(references: np.ndarray, estimates: np.ndarray, rate: int) -> np.ndarray:
    """SDR (dB) of one-second frames that follow each other, equal to museval's.

    A frame in which any reference or estimate is silent is NaN for all sources; so is every frame where one is silent
    throughout, on which museval raises. The rest of the track after the last whole second is left out; a track
    shorter than a second is one frame.

    Args: references and estimates of shape (sources, channels, frames).

    Returns: (sources, seconds).
    """
    _expect_one_shape(references, estimates)
    length = references.shape[2]
    count = max(1, length // rate)
    used = count * rate if length >= rate else length

    def frames(audio: np.ndarray) -> np.ndarray:
        return np.asarray(audio[:, :used], np.float64).reshape(len(audio), count, used // count)

    ratios, silent = [], np.zeros(count, bool)
    for reference, estimate in zip(map(frames, references), map(frames, estimates), strict=True):  # one is in memory
        ratios.append(_ratio(np.square(reference).sum(axis=(0, 2)), np.square(reference - estimate).sum(axis=(0, 2))))
        silent |= _silent(reference) | _silent(estimate)
    ratios = np.stack(ratios)
    ratios[:, silent] = np.nan
    return ratios


def _ratio(energy: np.ndarray, error: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return 10 * np.log10(energy / error)


def _silent(audio: np.ndarray) -> np.ndarray:
    """museval's silence: the channels (first axis) sum to exactly zero in every sample (last axis)."""
    return (audio.sum(axis=0) == 0).all(axis=-1)


def _expect_one_shape(references: np.ndarray, estimates: np.ndarray) -> None:
    if references.shape != estimates.shape or references.ndim != 3:
        raise InputError(
            f"expected references and estimates of one shape (sources, channels, frames), "
            f"got {references.shape} and {estimates.shape}"
        )


def track_sdr(references: np.ndarray, estimates: np.ndarray) -> np.ndarray:
    """SDR (dB) of whole tracks, as the Sound Demixing challenge ranks: 1e-7 is added to both energies.

    NaN where a reference is zero throughout, of which the challenge has none: its ratio says how loud the estimate is.

    Args: references and estimates of shape (sources, channels, frames).

    Returns: (sources,).
    """
    _expect_one_shape(references, estimates)
    ratios = []
    for reference, estimate in zip(references, estimates, strict=True):
        reference = np.asarray(reference, np.float64)
        energy, error = np.square(reference).sum(), np.square(reference - estimate).sum()
        ratios.append(10 * np.log10((energy + SDX_DELTA) / (error + SDX_DELTA)) if energy > 0 else np.nan)
    return np.array(ratios)


def museval_metrics(references: np.ndarray, estimates: np.ndarray, rate: int) -> dict[str, np.ndarray]:
    """museval's own sdr, isr, sir and sar (dB), each (sources, seconds): slow. NaN where a source is silent throughout.

    Raises InputError if ffmpeg or ffprobe, which museval's import asks for, is missing.
    """
    for program in ("ffmpeg", "ffprobe"):
        if shutil.which(program) is None:
            raise InputError(f"scoring.museval: expected the program {program} on the PATH")
    import museval

    _expect_one_shape(references, estimates)
    names = ("sdr", *MUSEVAL_METRICS)
    if any(map(_silent, (*references, *estimates))):
        nothing = np.full_like(frame_sdr(references, estimates, rate), np.nan)
        return {name: nothing.copy() for name in names}
    double = (audio.astype(np.float64).transpose(0, 2, 1) for audio in (references, estimates))
    values = museval.evaluate(*double, win=rate, hop=rate)
    return dict(zip(names, values, strict=True))


def score_song(references: np.ndarray, estimates: np.ndarray, rate: int, museval: bool = False) -> Scores:
    """Score one song.

    Args:
        references, estimates: (4, 2, frames), in the order of CLASSES.
        museval: also measure museval's ISR, SIR and SAR.

    Raises InputError for an estimate with a sample that is not finite.

    Returns: csdr (median over frames, NaN if none is finite) and usdr (whole track, NaN for a class that the song
        lacks) by class, likewise isr, sir and sar on request; the counts frames, nan_frames and silent_estimates.
    """
    for name, estimate in zip(CLASSES, estimates, strict=True):
        if not np.isfinite(estimate).all():
            raise InputError(f"estimate of {name}: expected finite samples, got NaN or infinity")
    frames = frame_sdr(references, estimates, rate)
    values = {"csdr": _median(frames), "usdr": track_sdr(references, estimates)}
    if museval:
        metrics = museval_metrics(references, estimates, rate)
        values |= {name: _median(metrics[name]) for name in MUSEVAL_METRICS}
    return {name: dict(zip(CLASSES, map(float, value), strict=True)) for name, value in values.items()} | {
        "frames": frames.shape[1],
        "nan_frames": int(np.isnan(frames).any(axis=0).sum()),
        "silent_estimates": sum(map(bool, map(_silent, estimates))),
    }


def _median(frames: np.ndarray) -> np.ndarray:
    """Median over the frames (last axis) that are not NaN; NaN where all are."""
    kept = [row[~np.isnan(row)] for row in frames]
    return np.array([np.median(row) if len(row) else np.nan for row in kept])


def aggregate(songs: Mapping[str, Scores]) -> Scores:
    """Scores of a test set: medians of songs' medians, but means of whole-track ratios; avg is the mean of classes.

    A class without a finite value is None, and so is then avg.

    Args: songs: name to what `score_song` returned.
    """
    scores = list(songs.values())
    result: Scores = {
        name: _over_songs([score[name] for score in scores], np.mean if name == "usdr" else np.median)
        for name in ("csdr", "usdr", *MUSEVAL_METRICS)
        if name in scores[0]
    }
    counts = {name: sum(score[name] for score in scores) for name in ("frames", "nan_frames", "silent_estimates")}
    unscored = sum(score["nan_frames"] == score["frames"] for score in scores)  # one silent source is enough
    return result | {"songs": len(scores), "unscored_songs": unscored} | counts


def _over_songs(scores: list[dict[str, float]], summarise) -> dict[str, float | None]:
    values = {}
    for name in CLASSES:
        finite = [score[name] for score in scores if np.isfinite(score[name])]
        values[name] = float(summarise(finite)) if finite else None
    whole = None not in values.values()
    return values | {"avg": float(np.mean(list(values.values()))) if whole else None}
