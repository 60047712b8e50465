"""Damaged, wrong and hostile input: one line that names it, exit code 1, and everything as it was.

Every case damages a small project, then runs one stage of it in this process, as `python -m stages.<stage>` would.
"""

import errno
import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml
from conftest import RATE, run_stage_here, snapshot, tone

from stages.pipeline.errors import InputError
from stages.pipeline.files import atomic_file, atomic_folder
from stages.pipeline.tracking import tracking_root
from stages.stems.audio import write_audio
from stages.stems.manifest import read_manifest, write_manifest, write_stem
from stages.stems.segments import read_arm

SOURCE = "data/stems/noisy_sources/train/song0/voice.wav"
SOURCES = "data/stems/noisy_sources/manifest.csv"
STEM = "data/stems/noisy/train/song0/bass.wav"
TEST = "data/stems/test/test/song0/bass.wav"
ARM = "data/arms/noisy.csv"
PROBABILITIES = "data/probabilities/psi_clean.csv"
CLASSIFIER = "models/classifier/clean.safetensors"
SEPARATOR = "models/separator/xumx-clean.safetensors"

CORRUPT, LABEL, PREDICT = ("corrupt_stems",), ("label_segments", "noisy"), ("predict_segments", "psi_clean")
REFINE, SEPARATE, SCORE = ("refine_labels", "psi_clean"), ("train_separator", "xumx-noisy"), ("score_bounds", "mixture")
LOAD, GUARD, DECIDE = ("score_separator", "xumx-clean"), ("check_leaks", "noisy"), ("score_classifier", "clean")


def wav(audio, rate=RATE, subtype="PCM_16"):
    return lambda path: soundfile.write(path, audio, rate, subtype=subtype)


def cut(keep: float):
    return lambda path: path.write_bytes(path.read_bytes()[: round(keep * path.stat().st_size)])


def text(content: str):
    return lambda path: path.write_text(content)


def patch(offset: int, content: bytes):
    def damage(path: Path) -> None:
        whole = bytearray(path.read_bytes())
        whole[offset : offset + len(content)] = content
        path.write_bytes(whole)

    return damage


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def sample(value: float):
    audio = np.full((2 * RATE, 2), 0.1, np.float32)
    audio[RATE] = value
    return wav(audio, subtype="FLOAT")


def cell(row: int, column: str, value: str):
    """Change one cell of a table; row 0 is the first below the header."""

    def damage(path: Path) -> None:
        lines = path.read_text().splitlines()
        cells = lines[row + 1].split(",")
        cells[lines[0].split(",").index(column)] = value
        lines[row + 1] = ",".join(cells)
        path.write_text("\n".join(lines) + "\n")

    return damage


def link_out(path: Path) -> None:
    """The file becomes a symbolic link out of its stem set."""
    outside = path.resolve().parents[5] / "outside.wav"
    shutil.move(path, outside)
    path.symlink_to(outside)


def key(name: str, value):
    """Change one parameter."""

    def damage(path: Path) -> None:
        content = yaml.safe_load(path.read_text())
        *sections, last = name.split(".")
        target = content
        for section in sections:
            target = target[section]
        target[last] = value
        path.write_text(yaml.safe_dump(content))

    return damage


def full_disk(path: Path) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


class Hostile:
    """Unpickled, it makes a file."""

    def __reduce__(self):
        return Path.touch, (Path("owned"),)


def pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps(Hostile()))


def without(text: str):
    return lambda path: path.write_text("".join(line for line in path.open() if text not in line))


def duplicated(path: Path) -> None:
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n")


CASES = {
    # audio: what is damaged, how, the stage that reads it, and what its one line says
    "no file": (SOURCE, Path.unlink, CORRUPT, "voice.wav: expected a readable WAV file"),
    "a folder": (SOURCE, folder, CORRUPT, "voice.wav: expected a readable WAV file"),
    "zero length": (SOURCE, cut(0), CORRUPT, "voice.wav: expected a readable WAV file"),
    "cut in the header": (SOURCE, cut(0.0005), CORRUPT, "voice.wav: expected a readable WAV file"),
    "cut in the data": (SOURCE, cut(0.5), CORRUPT, "voice.wav: expected frames 0 to 16000, the file has"),
    "not a WAV": (SOURCE, text("<html>"), CORRUPT, "voice.wav: expected a readable WAV file"),
    "a wrong header": (SOURCE, patch(0, b"JUNK"), CORRUPT, "voice.wav: expected a readable WAV file"),
    "no channels": (SOURCE, patch(22, b"\0\0"), CORRUPT, "voice.wav: expected"),
    "mono": (SOURCE, wav(np.zeros(2 * RATE)), CORRUPT, "voice.wav: expected 2 channels, got 1"),
    "8 channels": (SOURCE, wav(np.zeros((2 * RATE, 8))), CORRUPT, "voice.wav: expected 2 channels, got 8"),
    "another rate": (SOURCE, wav(np.zeros((2 * RATE, 2)), 44100), CORRUPT, "expected a sampling rate of 8000 Hz, got 44100"),
    "shorter than its row": (SOURCE, wav(np.zeros((9, 2))), CORRUPT, "voice.wav: expected frames 0 to 16000, the file has 9"),
    "a NaN sample": (SOURCE, sample(np.nan), CORRUPT, "voice.wav: frames 0 to 16000 hold NaN or infinite samples"),
    "an infinite sample": (SOURCE, sample(np.inf), CORRUPT, "voice.wav: frames 0 to 16000 hold NaN or infinite samples"),
    "a sum that clips": (SOURCE, sample(3.0), CORRUPT, "vocals.wav: expected samples within ±1, got a peak of"),
    "ten hours that aren't there": (SOURCE, lambda p: (patch(40, b"\0\0\0\x4b")(p), cut(44 / p.stat().st_size)(p)), CORRUPT, "voice.wav: expected"),
    "a test stem cut short": (TEST, cut(0.5), SCORE, "bass.wav: expected"),
    "a test stem cut short, heard by a classifier": (TEST, cut(0.5), DECIDE, "bass.wav: expected frames 0 to 16000, the file has"),
    "a stem cut short": (STEM, cut(0.5), LABEL, "bass.wav: expected frames 0 to 16000, the file has"),
    "a source cut short, before the leak guard": (SOURCE, cut(0.5), GUARD, "voice.wav: expected frames 0 to 16000, the file has"),
    "a source of another rate, before the leak guard": (SOURCE, wav(np.zeros((2 * RATE, 2)), 22050), GUARD, "voice.wav: expected a sampling rate"),
    "a test stem of another rate": (TEST, wav(np.zeros((2 * RATE, 2)), 22050), SCORE, "bass.wav: expected a sampling rate"),
    "a test song without bass": ("data/stems/test/manifest.csv", without("song1/bass"), SCORE, "manifest.csv: expected a bass file of song song1"),
    # manifests
    "no manifest": (SOURCES, Path.unlink, CORRUPT, "manifest.csv: cannot be read as a manifest"),
    "an empty manifest": (SOURCES, cut(0), CORRUPT, "manifest.csv: cannot be read as a manifest"),
    "a manifest without rows": (SOURCES, lambda p: p.write_text(p.read_text().split("\n")[0] + "\n"), CORRUPT, "manifest.csv: expected at least one row"),
    "a column too few": (SOURCES, lambda p: p.write_text(p.read_text().replace("split,", "", 1)), CORRUPT, "manifest.csv: expected the columns"),
    "a row twice": (SOURCES, duplicated, CORRUPT, "manifest.csv: row 17: expected a path that no other row has"),
    "a manifest's row that is too long": (SOURCES, cell(1, "song", "a,b"), CORRUPT, "manifest.csv: cannot be read as a manifest: Error tokenizing data. C error: Expected 11 fields in line 3, saw 12"),
    "an unknown class": (SOURCES, cell(1, "stem", "kazoo"), CORRUPT, "manifest.csv: row 3: unknown class 'kazoo'"),
    "an unknown split": (SOURCES, cell(1, "split", "dev"), CORRUPT, "manifest.csv: row 3: expected a split"),
    "no frames": (SOURCES, cell(0, "frames", "0"), CORRUPT, "manifest.csv: row 2: expected frames, rate and channels above 0"),
    "a rate that is no number": (SOURCES, cell(0, "rate", "fast"), CORRUPT, "manifest.csv: row 2: "),
    "a source without a class": (SOURCES, cell(0, "sources", "bass"), CORRUPT, "manifest.csv: row 2: "),
    "a source of two": (SOURCES, cell(0, "sources", "a:bass:0;b:bass:0"), CORRUPT, "bass.wav: expected one source, got 2"),
    "a source of nothing": (SOURCES, cell(0, "sources", ""), CORRUPT, "bass.wav: expected one source, got 0"),
    "a source that is a mixture": (SOURCES, cell(0, "sources", "a:mixture:0"), CORRUPT, "manifest.csv: row 2: unknown class 'mixture'"),
    "a gain that is no number": (SOURCES, cell(0, "sources", "a:bass:nan"), CORRUPT, "manifest.csv: row 2: expected finite gains"),
    "a source too few": (SOURCES, without("song1,"), LABEL, "noisy_sources/manifest.csv: expected the source"),
    "a path upwards": (SOURCES, cell(0, "path", "../../secret.wav"), CORRUPT, "manifest.csv: row 2: expected a path inside"),
    "an absolute path": (SOURCES, cell(0, "path", "/etc/passwd"), CORRUPT, "manifest.csv: row 2: expected a path inside"),
    "a link out of the set": (SOURCE, link_out, CORRUPT, "manifest.csv: row 6: expected a path inside"),
    # tables of segments
    "no arm": (ARM, Path.unlink, PREDICT, "noisy.csv: cannot be read as a table of segments"),
    "an arm without rows": (ARM, lambda p: p.write_text(p.read_text().split("\n")[0] + "\n"), PREDICT, "noisy.csv: expected at least one row"),
    "an arm's row that is too long": (ARM, cell(1, "song", "a,b"), PREDICT, "noisy.csv: cannot be read as a table of segments: Error tokenizing data. C error: Expected 19 fields in line 3, saw 20"),
    "an unknown class as a column": (ARM, lambda p: p.write_text(p.read_text().replace("p_bass", "p_kazoo", 1)), PREDICT, "noisy.csv: expected the columns"),
    "a probability above 1": (PROBABILITIES, cell(2, "p_bass", "1.5"), REFINE, "psi_clean.csv: row 4: expected probabilities within 0..1"),
    "a probability of nothing": (PROBABILITIES, cell(2, "p_bass", ""), REFINE, "psi_clean.csv: row 4: expected probabilities within 0..1"),
    "a label of 2": (ARM, cell(0, "vocals", "2"), SEPARATE, "noisy.csv: row 2: expected labels of 0 or 1"),
    "a label that is a word": (ARM, cell(0, "vocals", "yes"), SEPARATE, "noisy.csv: expected numbers"),
    "a segment that ends before it starts": (ARM, cell(0, "stop", "-5"), SEPARATE, "noisy.csv: row 2: expected 0 <= start < stop"),
    "segments that overlap": (ARM, cell(1, "start", "10"), SEPARATE, "noisy.csv: row 3: expected segments that do not overlap"),
    "a segment beyond its file": (ARM, lambda p: (cell(1, "start", "99990000")(p), cell(1, "stop", "99998000")(p)), PREDICT, "bass.wav: expected frames"),
    "an arm's path upwards": (ARM, cell(0, "path", "../../x.wav"), PREDICT, "noisy.csv: row 2: expected a path inside the stem set"),
    "an arm's absolute path": (ARM, cell(0, "path", "/etc/passwd"), PREDICT, "noisy.csv: row 2: expected a path inside the stem set"),
    "segments of two lengths": (ARM, cell(0, "stop", "7000"), SEPARATE, "noisy.csv: row 3: expected a segment of 7000 frames"),
    "a segment that starts between two frames": (ARM, cell(0, "start", "0.5"), SEPARATE, "noisy.csv: row 2: expected start and stop as whole numbers"),
    "no level": (ARM, cell(1, "level_db", ""), PREDICT, "noisy.csv: row 3: expected a level"),
    "a level that is no number": (ARM, cell(0, "level_db", "loud"), PREDICT, "noisy.csv: expected numbers"),
    # parameters
    "no parameters": ("params.yaml", Path.unlink, CORRUPT, "params.yaml: cannot be read as YAML"),
    "parameters with a tag": ("params.yaml", text("seed: !!python/object/apply:os.system [touch owned]"), CORRUPT, "params.yaml: cannot be read as YAML"),
    "parameters that are no UTF-8": ("params.yaml", patch(0, b"\xff"), CORRUPT, "params.yaml: cannot be read as YAML"),
    "parameters that are a list": ("params.yaml", text("- 1"), CORRUPT, "params.yaml: (top level)"),
    "a seed below 0": ("params.yaml", key("seed", -1), CORRUPT, "params.yaml: seed: "),
    "a rate of the wrong type": ("params.yaml", key("stems.rate", "44.1 kHz"), CORRUPT, "params.yaml: stems.rate: "),
    "a negative rate": ("params.yaml", key("stems.rate", -44100), CORRUPT, "params.yaml: stems.rate: "),
    "songs that are longest when shortest": ("params.yaml", key("stems.song_seconds", [28, 20]), CORRUPT, "params.yaml: stems.song_seconds: "),
    "bleeding that is loudest first": ("params.yaml", key("corruption.bleeding.gain_db", [-12.0, -24.0]), CORRUPT, "params.yaml: corruption.bleeding.gain_db: "),
    "a class without confusions": ("params.yaml", key("corruption.confusion", {}), CORRUPT, "params.yaml: corruption: "),
    "a seed of many digits": ("params.yaml", key("seed", 10**14), CORRUPT, "params.yaml: seed: "),
    "halves of hidden units": ("params.yaml", key("separation.xumx.hidden", 255), SEPARATE, "params.yaml: separation.xumx.hidden: "),
    "a channel that has no quarter": ("params.yaml", key("separation.hdemucs.channels", 3), SEPARATE, "params.yaml: separation.hdemucs.channels: "),
    "a batch of 0": ("params.yaml", key("separation.xumx.batch", 0), SEPARATE, "params.yaml: separation.xumx.batch: "),
    "more GPUs than there are": ("params.yaml", lambda p: (key("compute.device", "cuda")(p), key("compute.devices", 99)(p)), SEPARATE, "params.yaml: compute.device: cuda needs as many GPUs as compute.devices, 99, torch finds"),
    "a threshold of 2": ("params.yaml", key("refinement.threshold", 2), REFINE, "params.yaml: refinement.threshold: "),
    "an unknown key": ("params.yaml", key("refinement.treshold", 0.5), REFINE, "params.yaml: refinement.treshold: "),
    "a model nobody knows": ("params.yaml", key("classifier.model", "abacus"), PREDICT, "classifier.model"),
    "no segment of a class": ("params.yaml", key("segments.seconds", 9.0), LABEL, "noisy: expected at least one segment of 9 s"),
    # weights
    "no weights": (CLASSIFIER, Path.unlink, PREDICT, "clean.safetensors: expected the weights of"),
    "weights cut short": (CLASSIFIER, cut(0.7), PREDICT, "clean.safetensors: expected the weights of"),
    "weights that would run code": (CLASSIFIER, pickled, PREDICT, "clean.safetensors: expected the weights of"),
    "weights of another network": (SEPARATOR, lambda p: shutil.copy(CLASSIFIER, p), LOAD, "xumx-clean.safetensors: expected the weights of a XUMX"),
    "a separator that would run code": (SEPARATOR, pickled, LOAD, "xumx-clean.safetensors: expected the weights of"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_one_line_and_everything_as_it_was(case, project):
    path, damage, stage, expected = CASES[case]
    damage(project / path)
    before = snapshot(project)
    with pytest.raises(SystemExit) as caught:
        run_stage_here(*stage)
    message = str(caught.value.code)
    assert message.startswith("error: ") and expected in message
    assert "\n" not in message and len(message) < 500
    assert snapshot(project) == before
    assert not (project / "owned").exists()


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_every_common_sample_format_is_read(subtype, project):
    soundfile.write(SOURCE, np.full((2 * RATE, 2), 0.1), RATE, subtype=subtype)  # of a constant, to boot
    run_stage_here("corrupt_stems")
    audio, _ = soundfile.read("data/stems/noisy/train/song0/vocals.wav")
    assert np.allclose(audio, 0.1, atol=1e-4)


def lengthen(root: Path, song: str) -> None:
    """Give a stem set's song a second more."""
    files = read_manifest(root)
    for place, file in enumerate(files):
        if file.song == song:
            files[place] = write_stem(
                root, file.path, tone(200.0, 3.0), RATE, song=song, split=file.split, stem=file.stem, parts=file.sources
            )
    write_manifest(root, files)


def test_songs_shorter_than_a_segment_are_named(project, capsys):
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["segments"]["seconds"] = 2.5  # all have 2
    Path("params.yaml").write_text(yaml.safe_dump(params))
    with pytest.raises(SystemExit, match=r"data/stems/clean: expected at least one segment of 2\.5 s"):
        run_stage_here("label_segments", "clean")
    lengthen(Path("data/stems/clean"), "song1")
    capsys.readouterr()
    run_stage_here("label_segments", "clean")
    assert capsys.readouterr().err == "clean: songs shorter than segments.seconds, left out: 1 (song0)\n"
    assert set(read_arm(Path("data/arms/clean.csv"))["song"]) == {"song1"}
    lengthen(Path("data/stems/test"), "song0")
    run_stage_here("score_classifier", "clean")
    assert "Table 1: songs shorter than segments.seconds, left out: 1 (song1)\n" in capsys.readouterr().err


def test_a_test_song_without_a_frame_of_sdr_is_named(project):
    """And can be left out; a song to train on may be as short."""
    for song, seconds in (("long", 2.0), ("short", 0.9)):
        write_audio(Path(f"mine/{song}/drums.wav"), tone(200.0, seconds), RATE)
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["stems"]["noisy"] = {"source": "folder", "root": "mine", "validation": 1, "mislabelled": False}
    params["stems"]["test"] = {"source": "folder", "root": "mine"}
    Path("params.yaml").write_text(yaml.safe_dump(params))
    run_stage_here("build_stems", "noisy")
    message = "^error: short: expected a test song of at least a second: leave it out by stems.test.exclude$"
    with pytest.raises(SystemExit, match=message):
        run_stage_here("build_stems", "test")
    params["stems"]["test"]["exclude"] = ["short"]
    Path("params.yaml").write_text(yaml.safe_dump(params))
    run_stage_here("build_stems", "test")
    assert {file.song for file in read_manifest(Path("data/stems/test"))} == {"long"}


def test_a_folder_that_cannot_be_written_is_named(project):
    shutil.rmtree("data/arms")
    Path("data/arms").write_text("a file where a folder should be")
    before = snapshot(project)
    with pytest.raises(SystemExit, match="^error: data/arms"):
        run_stage_here(*REFINE)
    assert snapshot(project) == before


@pytest.mark.parametrize(
    ("write", "named"),
    [
        (full_disk, "table.csv"),
        (Path.read_bytes, "table.csv"),  # the temporary file, which is not there
        (lambda temporary: Path("another.csv").read_bytes(), "another.csv"),
    ],
)
def test_an_error_names_the_file_that_it_is_about(write, named, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError) as caught, atomic_file(Path("table.csv")) as temporary:
        write(temporary)
    assert caught.value.filename == named


@pytest.mark.parametrize("name", ["a" * 251 + ".wav", "ä" * 120 + ".wav", "ä" * 125 + "b.wav"])
def test_a_name_as_long_as_a_name_may_be_is_written(name, tmp_path):
    assert len(name.encode()) <= 255
    with atomic_file(tmp_path / name) as temporary:
        assert temporary.suffix == ".wav"  # by which a library may tell the format
        temporary.write_text("content")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with pytest.raises(KeyboardInterrupt), atomic_folder(tmp_path / name[4:]) as temporary:
        assert temporary.is_dir()
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_metrics_that_are_no_numbers_are_named(project):
    metrics = Path("metrics/label_segments/noisy.json")
    content = json.loads(metrics.read_text())
    metrics.write_text(json.dumps(content | {"segments": "many"}))
    from analysis.results import read_labels

    with pytest.raises(InputError, match=r"noisy\.json: expected a number at segments"):
        read_labels(project)


def test_a_folder_outside_of_any_repository_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=f"{tmp_path}: expected a folder in a DVC repository"):
        tracking_root()
