"""Signal-to-distortion ratio, frame by frame (museval, BSSEval v4) and over whole tracks.

museval's SDR needs none of its distortion filters: it is 10 log10 of |s|^2 / |s - s'|^2 in each frame (paper summary,
section "SDR"), so it is computed directly here, and its other metrics only on request.
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
    references, estimates = _same_shape(references, estimates)
    length = references.shape[2]
    count = max(1, length // rate)
    used = count * rate if length >= rate else length

    def frames(audio: np.ndarray) -> np.ndarray:
        return audio[:, :, :used].reshape(*audio.shape[:2], count, used // count)

    reference, estimate = frames(references), frames(estimates)
    energy = np.square(reference).sum(axis=(1, 3))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = 10 * np.log10(energy / np.square(reference - estimate).sum(axis=(1, 3)))
    silent = _silent(reference) | _silent(estimate)
    ratio[:, silent.any(axis=0)] = np.nan
    return ratio


def _silent(frames: np.ndarray) -> np.ndarray:
    """museval's silence: the channels (axis 1) sum to exactly zero in every sample (last axis)."""
    return (frames.sum(axis=1) == 0).all(axis=-1)


def _same_shape(references: np.ndarray, estimates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if references.shape != estimates.shape or references.ndim != 3:
        raise InputError(
            f"expected references and estimates of one shape (sources, channels, frames), "
            f"got {references.shape} and {estimates.shape}"
        )
    return np.asarray(references, np.float64), np.asarray(estimates, np.float64)


def track_sdr(references: np.ndarray, estimates: np.ndarray) -> np.ndarray:
    """SDR (dB) of whole tracks, as the Sound Demixing challenge ranks: 1e-7 is added to both energies.

    Args: references and estimates of shape (sources, channels, frames).

    Returns: (sources,).
    """
    references, estimates = _same_shape(references, estimates)
    energy = np.square(references).sum(axis=(1, 2))
    error = np.square(references - estimates).sum(axis=(1, 2))
    return 10 * np.log10((energy + SDX_DELTA) / (error + SDX_DELTA))


def museval_metrics(references: np.ndarray, estimates: np.ndarray, rate: int) -> dict[str, np.ndarray]:
    """museval's own sdr, isr, sir and sar (dB), each (sources, seconds): slow. NaN where a source is silent throughout.

    Raises InputError if ffmpeg or ffprobe, which museval's import asks for, is missing.
    """
    for program in ("ffmpeg", "ffprobe"):
        if shutil.which(program) is None:
            raise InputError(f"scoring.museval: expected the program {program} on the PATH")
    import museval

    references, estimates = _same_shape(references, estimates)
    names = ("sdr", *MUSEVAL_METRICS)
    if _silent(references).any() or _silent(estimates).any():
        nothing = np.full_like(frame_sdr(references, estimates, rate), np.nan)
        return {name: nothing.copy() for name in names}
    values = museval.evaluate(references.transpose(0, 2, 1), estimates.transpose(0, 2, 1), win=rate, hop=rate)
    return dict(zip(names, values, strict=True))


def score_song(references: np.ndarray, estimates: np.ndarray, rate: int, museval: bool = False) -> Scores:
    """Score one song.

    Args:
        references, estimates: (4, 2, frames), in the order of CLASSES.
        museval: also measure museval's ISR, SIR and SAR.

    Raises InputError for an estimate with a sample that is not finite.

    Returns: csdr (median over frames, NaN if none is finite) and usdr (whole track) by class, likewise isr, sir and
        sar on request; the counts frames, nan_frames and silent_estimates.
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
        "silent_estimates": int(_silent(np.asarray(estimates)).sum()),
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
    return result | {"songs": len(scores)} | counts


def _over_songs(scores: list[dict[str, float]], summarise) -> dict[str, float | None]:
    values = {}
    for name in CLASSES:
        finite = [score[name] for score in scores if np.isfinite(score[name])]
        values[name] = float(summarise(finite)) if finite else None
    whole = None not in values.values()
    return values | {"avg": float(np.mean(list(values.values()))) if whole else None}
