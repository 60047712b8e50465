"""Stem sets on disk: what is written is what is read, and what is damaged is named in one line."""

import numpy as np
import pytest
import soundfile
from conftest import RATE, tone

from stages.pipeline.errors import InputError
from stages.stems.audio import level_db, read_audio, write_audio
from stages.stems.manifest import Part, read_manifest
from stages.stems.segments import nominal_segments, read_arm, true_classes, with_truth, write_arm


def test_audio_comes_back_to_within_a_16_bit_step(tmp_path):
    audio = tone(440)
    write_audio(tmp_path / "a.wav", audio, RATE)
    whole = read_audio(tmp_path / "a.wav", 0, audio.shape[1])
    assert np.abs(whole - audio).max() <= 1 / 32768
    assert np.array_equal(read_audio(tmp_path / "a.wav", 100, 200), whole[:, 100:200])


def test_level_is_the_rms_in_decibels():
    assert level_db(tone(440, gain=1.0)) == pytest.approx(-3.01, abs=0.01)
    assert level_db(np.zeros((2, 10))) == -np.inf


def truncated(path):
    write_audio(path, tone(440), RATE)
    path.write_bytes(path.read_bytes()[:100])


BAD_AUDIO = {
    "missing": (lambda path: None, "expected a readable WAV file"),
    "empty": (lambda path: path.write_bytes(b""), "expected a readable WAV file"),
    "not audio": (lambda path: path.write_text("hello"), "expected a readable WAV file"),
    "mono": (lambda path: soundfile.write(path, np.zeros(99), RATE), "expected 2 channels, got 1"),
    "rate": (
        lambda path: soundfile.write(path, np.zeros((9999, 2)), 8001),
        "expected a sampling rate of 8000 Hz, got 8001",
    ),
    "short": (truncated, "expected frames 0 to 1000"),
    "nan": (lambda path: soundfile.write(path, np.full((9999, 2), np.nan), RATE, subtype="FLOAT"), "NaN"),
}


@pytest.mark.parametrize("case", BAD_AUDIO)
def test_bad_audio_is_one_line_that_names_the_file(case, tmp_path):
    make, expected = BAD_AUDIO[case]
    path = tmp_path / "bad.wav"
    make(path)
    with pytest.raises(InputError) as caught:
        read_audio(path, 0, 1000, rate=RATE)
    assert str(path) in str(caught.value)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("sample", [1.5, np.nan])
def test_audio_that_would_clip_is_not_written(sample, tmp_path):
    with pytest.raises(InputError, match="expected samples within"):
        write_audio(tmp_path / "loud.wav", np.full((2, 10), sample, np.float32), RATE)
    assert list(tmp_path.iterdir()) == []


def test_manifest_comes_back_as_it_was_written(stem_set):
    root, files = stem_set
    assert read_manifest(root) == sorted(files, key=lambda file: file.path)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (",vocals,vocals:vocals:0,", ",singing,vocals:vocals:0,", "unknown class 'singing'"),
        ("train/song0/bass.wav", "../bass.wav", "expected a path inside"),
        ("train/song0/bass.wav", "/etc/bass.wav", "expected a path inside"),
        (",train,train/song0/bass.wav", ",holiday,train/song0/bass.wav", "expected a split of train, valid, test"),
        (",16000,8000,", ",many,8000,", "row 2: invalid literal"),
        ("song,split", "piece,split", "expected the columns"),
    ],
)
def test_a_bad_manifest_row_is_named(old, new, expected, stem_set):
    root, _ = stem_set
    manifest = root / "manifest.csv"
    text = manifest.read_text()
    assert old in text
    manifest.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=expected):
        read_manifest(root)


def test_segments_are_whole_and_consecutive_and_carry_the_nominal_label(stem_set):
    root, files = stem_set
    arm = nominal_segments(root, files, 0.75, -50)
    one = arm[(arm["song"] == "song0") & (arm["stem"] == "bass")]
    assert one["start"].tolist() == [0, 6000]
    assert one["stop"].tolist() == [6000, 12000]  # the last half second is dropped
    assert one[["vocals", "bass", "drums", "other"]].to_numpy().tolist() == [[0, 1, 0, 0]] * 2


def test_a_silent_segment_carries_no_label_and_no_truth(stem_set):
    root, files = stem_set
    audio = tone(110)
    audio[:, 8000:] = 0
    write_audio(root / "train/song0/vocals.wav", audio, RATE)
    arm = nominal_segments(root, files, 1.0, -50)
    arm = with_truth(arm, np.tile([1.0, 0, 0, 0], (len(arm), 1)), -50, -30)
    rows = arm[arm["path"] == "train/song0/vocals.wav"]
    assert rows["vocals"].tolist() == [1, 0]
    assert rows["true_vocals"].tolist() == [1, 0]


def test_a_segment_is_silent_by_the_level_that_its_row_has(stem_set):
    """A threshold between a level and what it is rounded to: label, truth and what Ψ hears agree."""
    root, files = stem_set
    for gain in np.linspace(0.1, 0.2, 50):
        write_audio(root / "train/song0/vocals.wav", tone(110, gain=gain), RATE)
        level = level_db(read_audio(root / "train/song0/vocals.wav", 0, 8000, RATE))
        if level < round(level, 2) - 0.002:
            break
    arm = nominal_segments(root, files, 1.0, round(level, 2))
    arm = with_truth(arm, np.tile([1.0, 0, 0, 0], (len(arm), 1)), round(level, 2), -30)
    first = arm[arm["path"] == "train/song0/vocals.wav"].iloc[0]
    assert (first["vocals"], first["true_vocals"]) == (1, 1)


def test_truth_needs_a_class_to_be_audible():
    energies = np.array([[1e-2, 1e-4, 1e-6, 0], [1e-6, 0, 0, 0]])
    assert true_classes(energies, silence_db=-50, audible_db=-30).tolist() == [[1, 1, 0, 0], [0, 0, 0, 0]]


def test_an_arm_comes_back_as_it_was_written(stem_set, tmp_path):
    root, files = stem_set
    arm = nominal_segments(root, files, 0.5, -50)
    write_arm(arm, tmp_path / "arm.csv")
    back = read_arm(tmp_path / "arm.csv")
    assert back[["song", "start", "stop", "bass"]].equals(arm[["song", "start", "stop", "bass"]])
    assert back["true_bass"].isna().all()


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("p_bass", 1.5, "row 3: expected probabilities within 0..1"),
        ("bass", 2, "row 3: expected labels of 0 or 1"),
        ("true_bass", 3, "row 3: expected truth"),
        ("start", 99999, "row 3: expected 0 <= start < stop"),
        ("start", 10, "row 3: expected segments that do not overlap"),
        ("start", 4000.5, "row 3: expected start and stop as whole numbers"),
        ("stop", 7999, "row 3: expected a segment of 4000 frames, as the first one"),
        ("level_db", None, "row 3: expected a level"),
    ],
)
def test_a_bad_arm_row_is_named(column, value, expected, stem_set, tmp_path):
    root, files = stem_set
    arm = nominal_segments(root, files, 0.5, -50).astype(object)
    arm.loc[1, column] = value
    write_arm(arm, tmp_path / "arm.csv")
    with pytest.raises(InputError, match=expected):
        read_arm(tmp_path / "arm.csv")


def test_part_is_read_from_what_it_prints():
    assert Part.parse(str(Part("kick", "drums", -12.5))) == Part("kick", "drums", -12.5)
