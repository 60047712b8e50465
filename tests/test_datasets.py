"""Every recorded data set, on a small tree of its true layout: listed, read, validated, and run through the stages."""

import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import RATE as SMALL_RATE
from conftest import ROOT, SMALL, SMALL_XUMX, run_stage_here
from dataset_trees import RATE, SONGS, TREES, sound, write

from stages.pipeline.errors import InputError
from stages.pipeline.params import Recorded
from stages.stems import CLASSES
from stages.stems.catalogue import recorded_songs
from stages.stems.datasets import NAMES, data_set
from stages.stems.datasets.reading import read_part, read_recording
from stages.stems.datasets.validation import validate, write_index
from stages.stems.manifest import MIXTURE, UNKNOWN, read_manifest
from stages.stems.segments import TRUTHS, read_arm
from stages.stems.songs import CEILING, largest_sums


def test_every_data_set_has_a_tree():
    assert set(NAMES) == set(TREES)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is(name):
    info = data_set(name).INFO
    assert info.title and info.licence and info.request and "<root>" in info.tree
    assert name == "folder" or info.bibtex.startswith("@")


@pytest.mark.parametrize("name", NAMES)
def test_it_lists_songs_whose_parts_exist(name, trees):
    songs = data_set(name).recordings(trees[name])
    assert len(songs) == SONGS[name] and len({song.name for song in songs}) == len(songs)
    for song in songs:
        assert all(source.path.is_file() and source.cls in CLASSES for source in song.sources)
        assert len({source.name for source in song.sources}) == len(song.sources)
        assert song.labels_are_true == (name != "sdxdb23")


@pytest.mark.parametrize("name", NAMES)
def test_its_parts_are_stereo_of_one_rate_and_length_and_never_clip(name, trees):
    for song in data_set(name).recordings(trees[name]):
        parts = read_recording(song, 8000)
        assert {part.shape for part in parts} == {(2, parts[0].shape[1])}
        assert parts[0].shape[1] == pytest.approx(4 * 8000, abs=600)  # AAC pads
        assert all(part.dtype == np.float32 and np.abs(part).max() > 0.02 for part in parts)
        for part, source in zip(parts, song.sources, strict=True):
            if song.labels_are_true:  # the spectrum peaks at the pitch of the class
                peak = np.abs(np.fft.rfft(part[0, :8000])).argmax()
                expected = {"vocals": 440, "bass": 110, "drums": 2500, "other": 1200}[source.cls]
                assert peak == pytest.approx(expected, abs=3)


def test_a_song_that_would_clip_is_made_softer_as_a_whole(tmp_path):
    loud = {c: 4 * sound("one song", c) for c in CLASSES}
    for c, audio in loud.items():
        write(tmp_path / "song" / f"{c}.wav", audio)
    song = data_set("folder").recordings(tmp_path)[0]
    parts = read_recording(song, RATE)
    assert largest_sums(parts).max() == pytest.approx(CEILING, abs=1e-3)
    gains = [np.vdot(part.T, loud[s.cls]) / np.vdot(loud[s.cls], loud[s.cls]) for part, s in zip(parts, song.sources)]
    assert gains == pytest.approx([gains[0]] * 4, abs=1e-3) and gains[0] < 0.6


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_copy_is_valid_with_and_without_an_index(name, trees, tmp_path):
    write_index(name, trees[name], tmp_path / "index.json")
    for index in (None, tmp_path / "index.json"):
        report = validate(name, trees[name], index)
        assert (report.songs, report.missing, report.damaged) == (SONGS[name], [], [])


@pytest.mark.parametrize("name", NAMES)
def test_missing_and_damaged_files_are_listed_apart(name, copy, tmp_path):
    root = copy(name)
    write_index(name, root, tmp_path / "index.json")
    paths = list(dict.fromkeys(s.path for song in data_set(name).recordings(root) for s in song.sources))
    gone, cut, changed = paths[0], paths[1], paths[2]
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    content = bytearray(changed.read_bytes())
    content[-1] ^= 1
    changed.write_bytes(content)
    if name != "musdb18" and name != "folder":  # there, a file that is gone was never expected
        gone.unlink()
        report = validate(name, root)
        assert report.missing == [f"{gone}: missing: copy it into the data set"]
    else:
        report = validate(name, root)
    assert [line.split(":")[0] for line in report.damaged] == [str(cut)]
    against = validate(name, root, tmp_path / "index.json")
    assert against.missing == report.missing  # each once, though the layout and the index both have it
    assert sorted(line.split(":")[0] for line in against.damaged) == sorted(map(str, (cut, changed)))
    assert all("wrong checksum" in line and "copy it again" in line for line in against.damaged)


def test_the_tool_ends_with_1_where_a_file_is_not_what_the_index_says(trees, tmp_path, tool):
    root, index = str(trees["folder"]), tmp_path / "index.json"
    codes = []
    for arguments in ((root, "--write-index", str(index)), (root,), (root, "--index", str(index))):
        with pytest.raises(SystemExit) as end:
            tool("validate_data", "folder", *arguments)
        codes.append(end.value.code)
    content = json.loads(index.read_text())
    content["sha256"] |= {next(iter(content["sha256"])): 64 * "0"}
    index.write_text(json.dumps(content))
    with pytest.raises(SystemExit) as end:
        tool("validate_data", "folder", root, "--index", str(index))
    assert [*codes, end.value.code] == [0, 0, 0, 1]
    with pytest.raises(SystemExit) as end:  # nothing was looked at, so it must not end like a whole copy
        tool("validate_data", "folder", "--index", str(index))
    assert end.value.code == 2


def test_an_index_that_cannot_be_written_is_one_line(trees, tmp_path, tool, monkeypatch):
    (tmp_path / "a file").touch()
    index = str(tmp_path / "a file" / "index.json")
    with pytest.raises(SystemExit, match=f"^error: {tmp_path}/a file: [^\n]*$"):
        tool("validate_data", "folder", str(trees["folder"]), "--write-index", index)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=r"^error: \.: expected a file to write the index to, it is a folder$"):
        tool("validate_data", "folder", str(trees["folder"]), "--write-index", ".")


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_root_is_one_line(name, tmp_path):
    (tmp_path / "empty").mkdir()
    for root in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(InputError, match=f"^{root}[^\n]*: expected [^\n]*$"):
            data_set(name).recordings(root)


def test_songs_that_bleed_or_hold_several_classes_are_left_out(trees):
    names = [song.name for song in data_set("medleydb").recordings(trees["medleydb"])]
    assert names == ["ABand_Song", "Instrumental_NoVoice", "Third_Apart"]
    assert all("Tune 3" not in song.name for song in data_set("moisesdb").recordings(trees["moisesdb"]))


def test_musdb_names_its_own_validation_songs(trees):
    splits = {song.name: song.split for song in data_set("musdb18hq").recordings(trees["musdb18hq"])}
    assert splits == {
        "Actions - One Minute Smile": "valid", "Ünï Cödé - Sóng 1": "train", "A Band - Heard Before": "test",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["musdb18", "musdb18hq"])
def test_musdb_is_read_as_the_musdb_package_reads_it(name, trees):
    import musdb

    ours = {song.name: song for song in data_set(name).recordings(trees[name])}
    database = musdb.DB(root=str(trees[name]), is_wav=name.endswith("hq"))
    assert sorted(track.name for track in database) == sorted(ours)
    for track in database:
        for source in ours[track.name].sources:
            theirs = track.targets[source.cls].audio.T
            np.testing.assert_allclose(read_part(source), theirs, atol=1 / 32768)


def choose(flip_rate: float = 0.0, **catalogues) -> None:
    """Write params.yaml of tiny networks with these catalogues."""
    content = yaml.safe_load((ROOT / "params.yaml").read_text())
    for section, values in SMALL.items():
        content[section] |= values
    content["separation"]["xumx"] |= SMALL_XUMX
    content["stems"] |= catalogues
    content["corruption"]["flip_rate"] = dict.fromkeys(CLASSES, flip_rate)
    Path("params.yaml").write_text(yaml.safe_dump(content))


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dvc").mkdir()
    for number in range(2):
        for c in CLASSES:
            write(tmp_path / "held out" / f"test {number}" / f"{c}.wav", sound(f"test {number}", c))
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_the_stages_run_on_it(name, trees, project):
    own = {"validation": 0 if name.startswith("musdb") else 1}
    chosen = {"source": name, "root": str(trees[name])}
    true = {"source": "musdb18hq", "root": str(trees["musdb18hq"])} if name == "sdxdb23" else chosen | own
    noisy = chosen | own | ({"mislabelled": False} if name == "folder" else {})
    choose(clean=true, noisy=noisy, test={"source": "folder", "root": "held out"})
    for stage in ("build_stems clean", "build_stems noisy", "build_stems test", "corrupt_stems", "check_leaks clean",
                  "check_leaks noisy", "label_segments clean", "label_segments noisy"):  # fmt: skip
        run_stage_here(*stage.split())
    clean, noisy = (read_manifest(Path("data/stems") / arm) for arm in ("clean", "noisy"))
    assert {file.rate for file in (*clean, *noisy)} == {SMALL_RATE}
    assert {file.stem for file in clean} == {MIXTURE, *CLASSES} and {file.stem for file in noisy} == {*CLASSES}
    assert {file.split for file in noisy} == {"train", "valid"}
    truth = read_arm(Path("data/arms/noisy.csv"))[TRUTHS]
    if name == "sdxdb23":
        assert truth.isna().all().all()
        assert {part.cls for file in noisy for part in file.sources} == {UNKNOWN}
        assert json.loads(Path("metrics/label_segments/noisy.json").read_text())["label_quality"] is None
    else:
        assert truth.notna().all().all()
    if name in ("musdb18hq", "moisesdb", "sdxdb23"):  # whose songs have all classes: on to a cell of each table
        for stage in (
            "train_classifier noisy", "predict_segments psi_noisy", "refine_labels psi_noisy", "score_classifier noisy",
            "train_separator xumx-noisy", "score_separator xumx-noisy",
        ):  # fmt: skip
            run_stage_here(*stage.split())
        assert len(read_arm(Path("data/arms/psi_noisy.csv"))) == len(truth)
        for metrics in ("score_classifier/noisy", "score_separator/xumx-noisy"):
            assert Path(f"metrics/{metrics}.json").is_file()


def test_a_folder_that_is_mislabelled_already_is_kept_as_it_is(trees, project):
    chosen = {"source": "folder", "root": str(trees["folder"]), "validation": 1}
    choose(flip_rate=1.0, noisy=chosen | {"mislabelled": True})
    for stage in ("build_stems noisy", "corrupt_stems", "label_segments noisy"):
        run_stage_here(*stage.split())
    files = read_manifest(Path("data/stems/noisy"))
    assert {file.path for file in files if file.song == "second"} == {
        *(f"train/second/{c}_a take.wav" for c in CLASSES), "train/second/drums_snare.wav"
    }  # fmt: skip
    for file in files:
        assert Path(file.path).stem.startswith(file.stem) and {part.cls for part in file.sources} == {UNKNOWN}
    assert read_arm(Path("data/arms/noisy.csv"))[TRUTHS].isna().all().all()


def test_corruption_of_four_stems_moves_whole_stems(trees, project):
    choose(flip_rate=1.0, noisy={"source": "musdb18hq", "root": str(trees["musdb18hq"])})
    run_stage_here("build_stems", "noisy")
    run_stage_here("corrupt_stems")
    for file in read_manifest(Path("data/stems/noisy")):
        assert all(part.cls != file.stem for part in file.sources)


def test_a_changed_file_stops_the_build_and_names_it(copy, project):
    root = copy("folder")
    write_index("folder", root, Path("index.json"))
    path = root / "second/drums/snare.wav"
    write(path, sound("another", "drums"))
    choose(clean={"source": "folder", "root": str(root), "validation": 1, "index": "index.json"})
    with pytest.raises(SystemExit) as caught:
        run_stage_here("build_stems", "clean")
    assert str(caught.value) == f"error: {path}: wrong checksum, it differs from the index: copy it again"
    assert not Path("data/stems/clean").exists()


def test_a_half_copied_set_stops_the_build_and_names_the_file(copy, project):
    root = copy("musdb18hq")
    path = root / "train/Actions - One Minute Smile/bass.wav"
    path.unlink()
    choose(clean={"source": "musdb18hq", "root": str(root)})
    with pytest.raises(SystemExit) as caught:
        run_stage_here("build_stems", "clean")
    assert str(caught.value) == f"error: {path}: missing: copy it into the data set"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("process", "number", "message"),
    [
        (
            os.getpid,
            signal.SIGKILL,
            "build_stems clean: one of 2 processes was killed: out of memory? Fewer need less: set LOKY_MAX_CPU_COUNT",
        ),
        (os.getppid, signal.SIGINT, "build_stems: interrupted"),
    ],
)
def test_a_build_ends_where_one_of_its_processes_is_killed_and_at_ctrl_c(
    process, number, message, trees, project, monkeypatch
):
    def read(recording, rate):
        if recording.name == "first song":
            time.sleep(1)  # until all processes are there: Python drops a signal that comes in the middle of a fork
            os.kill(process(), number)
        time.sleep(600)

    monkeypatch.setattr("stages.stems.catalogue.read_recording", read)
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    choose(clean={"source": "folder", "root": str(trees["folder"]), "validation": 1})
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background of a shell
    try:
        with pytest.raises(SystemExit) as caught:
            run_stage_here("build_stems", "clean")
    finally:
        signal.signal(signal.SIGINT, inherited)
    assert str(caught.value) == f"error: {message}"
    assert not list(Path("data/stems").iterdir())


def test_no_more_songs_are_read_at_once_than_are_allowed(trees, project, monkeypatch):
    def read(recording, rate):
        Path(f"process {os.getpid()}").touch()
        return read_recording(recording, rate)

    monkeypatch.setattr("stages.stems.catalogue.read_recording", read)
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    choose(clean={"source": "folder", "root": str(trees["folder"]), "validation": 1})
    run_stage_here("build_stems", "clean")
    assert len(list(Path().glob("process *"))) == 1


def test_as_many_songs_as_asked_for_are_held_out(trees):
    found = recorded_songs("clean", Recorded(source="folder", root=str(trees["folder"]), validation=1), 8000)
    assert sorted(song.split for song in found) == ["train", "train", "valid"]


def test_validation_songs_must_be_asked_for_where_a_set_names_none(trees):
    with pytest.raises(InputError, match="expected how many of them to hold out, got 0"):
        recorded_songs("clean", Recorded(source="folder", root=str(trees["folder"])), 8000)
    with pytest.raises(InputError, match="exclude: expected songs of .*, it has no 'fourth'"):
        recorded_songs("clean", Recorded(source="folder", root=str(trees["folder"]), exclude=["fourth"]), 8000)
    with pytest.raises(InputError, match="names its validation songs: expected 0"):
        recorded_songs("clean", Recorded(source="musdb18hq", root=str(trees["musdb18hq"]), validation=2), 8000)
    with pytest.raises(InputError, match="^stems.test.validation: expected 0, no test song is held out, got 1$"):
        recorded_songs("test", Recorded(source="folder", root=str(trees["folder"]), validation=1), 8000)
    one = Recorded(source="folder", root=str(trees["folder"]), validation=1, exclude=["second", "third"])
    with pytest.raises(InputError, match=f"^{trees['folder']}: expected two songs at least for noisy, one of them to"):
        recorded_songs("noisy", one, 8000)


@pytest.mark.parametrize("catalogue", ["clean", "test"])
@pytest.mark.parametrize(("name", "mislabelled"), [("sdxdb23", False), ("folder", True)])
def test_a_mislabelled_set_can_only_be_the_noisy_one(catalogue, name, mislabelled, trees):
    chosen = Recorded(source=name, root=str(trees[name]), validation=1, mislabelled=mislabelled)
    with pytest.raises(InputError, match=f"^stems.{catalogue}.source: {name} comes mislabelled"):
        recorded_songs(catalogue, chosen, 8000)
    assert recorded_songs("noisy", chosen, 8000)
