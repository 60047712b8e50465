"""SDR against museval itself, numbers worked out by hand, and the two rows for scale."""

import json

import numpy as np
import pytest

from stages.pipeline.errors import InputError
from stages.scoring.bounds import ideal_ratio_mask_estimates, mixture_estimates
from stages.scoring.sdr import aggregate, frame_sdr, museval_metrics, score_song, track_sdr
from stages.stems import CLASSES

RATE = 8000


@pytest.fixture
def stems():
    """References and noisy estimates: 3.2 s, (4, 2, frames), the second class silent in second 1."""
    rng = np.random.default_rng(0)
    references = rng.normal(size=(4, 2, int(3.2 * RATE))).astype(np.float32) * 0.1
    references[1, :, RATE : 2 * RATE] = 0
    estimates = references + rng.normal(size=references.shape).astype(np.float32) * 0.03
    return references, estimates


def test_equals_museval_with_a_silent_frame(stems):
    references, estimates = stems
    ours, theirs = frame_sdr(references, estimates, RATE), museval_metrics(references, estimates, RATE)["sdr"]
    assert np.isnan(ours[:, 1]).all() and np.isfinite(ours[:, [0, 2]]).all()
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def test_equals_museval_where_channels_cancel_and_an_estimate_rests(stems):
    references, estimates = stems
    references[2, 1, :RATE] = -references[2, 0, :RATE]  # museval takes this for silence
    estimates[3, :, 2 * RATE : 3 * RATE] = 0
    ours, theirs = frame_sdr(references, estimates, RATE), museval_metrics(references, estimates, RATE)["sdr"]
    assert np.isnan(ours).all()
    assert np.isnan(theirs).all()


@pytest.mark.parametrize("frames", [RATE // 2, RATE, 2 * RATE - 1])
def test_frames_the_tail_as_museval_does(stems, frames):
    references, estimates = (audio[:2, :, :frames] for audio in stems)
    references = references + 1e-3  # no silent second
    np.testing.assert_allclose(
        frame_sdr(references, estimates, RATE), museval_metrics(references, estimates, RATE)["sdr"], rtol=0, atol=1e-9
    )


def test_a_wholly_silent_estimate_is_counted_not_hidden(stems):
    references, estimates = stems
    estimates[2] = 0
    score = score_song(references, estimates, RATE)
    assert (score["frames"], score["nan_frames"], score["silent_estimates"]) == (3, 3, 1)
    assert np.isnan(list(score["csdr"].values())).all()
    assert score["usdr"]["drums"] == pytest.approx(0, abs=1e-6)
    assert np.isnan(museval_metrics(references, estimates, RATE)["sdr"]).all()
    assert aggregate({"song": score})["csdr"] == dict.fromkeys([*CLASSES, "avg"])


def test_track_sdr_by_hand():
    references = np.full((4, 2, 100), 0.5)
    assert track_sdr(references, references * 0.9) == pytest.approx([20] * 4, abs=1e-4)
    quiet = track_sdr(references * 1e-6, references * 0.1)  # (1e-7 + 200 * 0.0000005^2) over 200 * 0.0499995^2
    assert quiet == pytest.approx([10 * np.log10((1e-7 + 5e-11) / (200 * 0.0499995**2 + 1e-7))] * 4)


def test_a_song_that_lacks_a_class_is_counted_and_spoils_no_mean(stems):
    references, estimates = (audio[..., : 3 * RATE] for audio in stems)
    without = references * np.array([0, 1, 1, 1])[:, None, None]
    songs = {"whole": score_song(references, estimates, RATE), "without": score_song(without, estimates, RATE)}
    assert np.isnan(songs["without"]["usdr"]["vocals"]) and np.isfinite(songs["without"]["usdr"]["bass"])
    result = aggregate(songs)
    assert (result["songs"], result["unscored_songs"]) == (2, 1)
    assert result["usdr"]["vocals"] == songs["whole"]["usdr"]["vocals"]
    assert result["csdr"]["bass"] == songs["whole"]["csdr"]["bass"]  # as museval: no frame without vocals has an SDR


def test_aggregates_medians_for_frames_and_means_for_tracks():
    def score(value):
        by_class = dict.fromkeys(CLASSES, value)
        return {"csdr": by_class, "usdr": by_class, "frames": 10, "nan_frames": 2, "silent_estimates": 1}

    songs = {"a": score(1.0), "b": score(2.0), "c": score(9.0)}
    songs["d"] = songs["c"] | {"csdr": songs["c"]["csdr"] | {"bass": float("nan")}}
    result = aggregate(songs)
    assert result["csdr"]["vocals"] == 5.5  # of 1, 2, 9, 9
    assert result["csdr"]["bass"] == 2.0  # of 1, 2, 9
    assert result["csdr"]["avg"] == (5.5 * 3 + 2.0) / 4
    assert result["usdr"]["avg"] == 21 / 4
    assert [result[key] for key in ("songs", "frames", "nan_frames", "silent_estimates")] == [4, 40, 8, 4]
    json.dumps(result, allow_nan=False)


def test_museval_metrics_on_request(stems):
    references, estimates = (audio[..., :RATE] for audio in stems)
    assert "sir" not in score_song(references, estimates, RATE)
    result = aggregate({"song": score_song(references, estimates, RATE, museval=True)})
    assert all(np.isfinite(result[name]["avg"]) for name in ("isr", "sir", "sar"))


def test_missing_ffmpeg_is_one_line(stems, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="ffmpeg"):
        museval_metrics(*stems, RATE)


def test_shapes_must_agree(stems):
    references, estimates = stems
    with pytest.raises(InputError, match="one shape"):
        frame_sdr(references, estimates[..., :-1], RATE)


def test_the_ideal_ratio_mask_is_better_than_the_mixture():
    time = np.arange(2 * RATE) / RATE
    sources = np.stack([np.tile(0.1 * np.sin(2 * np.pi * f * time), (2, 1)) for f in (100, 400, 1000, 3000)])
    sources = sources.astype(np.float32)
    mixture = sources.sum(axis=0)
    nothing = mixture_estimates(mixture)
    assert all(np.array_equal(estimate, mixture) for estimate in nothing)
    masked = ideal_ratio_mask_estimates(mixture, sources, fft=512, hop=128)
    assert masked.shape == sources.shape
    assert (frame_sdr(sources, masked, RATE) > frame_sdr(sources, nothing, RATE) + 15).all()
    np.testing.assert_allclose(masked.sum(axis=0), mixture, atol=1e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_estimate_that_is_not_finite_has_no_score(value):
    references = np.random.default_rng(0).uniform(-0.5, 0.5, (4, 2, 8000))
    estimates = 0.5 * references
    estimates[2, 0, 17] = value
    with pytest.raises(InputError, match="estimate of drums: expected finite samples"):
        score_song(references, estimates, 8000)


def test_the_ideal_ratio_mask_shares_by_power():
    """Four stems that are one noise at 1 to 4 times its level: each gets k^2 / 30 of their sum, 10 times the noise."""
    noise = np.random.default_rng(1).standard_normal((2, 4096)).astype(np.float32)
    levels = np.array([1, 2, 3, 4], np.float32)
    found = ideal_ratio_mask_estimates(10 * noise, levels[:, None, None] * noise, 512, 128)
    np.testing.assert_allclose(found, (levels**2 / 3)[:, None, None] * noise, atol=1e-3)
