"""Trainings and scorings that are killed at random moments end with the bytes of those that were not.

KILLS=20 pytest tests/test_kill.py        kills more often than the default
"""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml
from conftest import ROOT, snapshot

from stages.pipeline import files

KILLS = int(os.environ.get("KILLS", "3"))
STAGES = ("train_separator", "score_separator")
ITEM = "xumx-noisy"
OUTPUTS = {
    "train_separator": [f"models/separator/{ITEM}.safetensors", f"metrics/train_separator/{ITEM}.json"],
    "score_separator": [f"scores/separator/{ITEM}.csv", f"metrics/score_separator/{ITEM}.json"],
}
# A checkpoint every half second instead of every 30, so that short trainings have some; and Ctrl-C as in a terminal,
# since what runs in the background of a shell inherits that it is ignored.
PROGRAM = """
import runpy, signal, sys
from stages.pipeline import training
signal.signal(signal.SIGINT, signal.default_int_handler)
training.CHECKPOINT_SECONDS = 0.5
runpy.run_module(f"stages.{sys.argv.pop(1)}", run_name="__main__")
"""


def start(stage: str) -> subprocess.Popen:
    """Start a stage as DVC does, which removes its outputs first."""
    for output in OUTPUTS[stage]:
        Path(output).unlink(missing_ok=True)
    command = [sys.executable, "-c", PROGRAM, stage, ITEM]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)


def finish(stage: str) -> None:
    process = start(stage)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors


def results() -> dict[str, str]:
    return {path: digest for path, digest in snapshot(Path()).items() if not path.startswith(("timing", "data"))}


def test_killed_stages_end_with_the_same_bytes(project):
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["separation"]["xumx"]["steps"] = 300
    Path("params.yaml").write_text(yaml.safe_dump(params))
    seconds = {}
    for stage in STAGES:
        started = time.monotonic()
        finish(stage)
        seconds[stage] = time.monotonic() - started
    whole = results()
    assert all(output in whole for outputs in OUTPUTS.values() for output in outputs)
    moments, gone_on_from = random.Random(0), 0
    for kill in range(KILLS):
        stage = STAGES[kill % 3 == 2]  # most of the time is spent in training
        process = start(stage)
        if kill % 3 == 0:  # amid the steps; the others anywhere, importing and logging take most of the time
            while process.poll() is None and not list(Path("checkpoints").rglob("*.pt")):
                time.sleep(0.01)
        else:
            time.sleep(moments.uniform(0.2, 1.0) * seconds[stage])
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        gone_on_from += len(list(Path("checkpoints").rglob("*.pt")))
        finish(stage)
        assert results() == whole
        timing = json.loads(Path(f"timing/{stage}@{ITEM}.json").read_text())
        assert timing["training_seconds"] <= timing["wall_seconds"]  # of a resumed training, too
        assert not list(Path().rglob("*.partial*"))
    assert gone_on_from


def test_ctrl_c_does_not_lose_what_was_measured_of_energy(tmp_path):
    (tmp_path / "codecarbon.py").write_text("""
from types import SimpleNamespace
class OfflineEmissionsTracker:
    def __init__(self, **settings): pass
    def start(self): pass
    def stop(self):
        self.final_emissions_data = SimpleNamespace(
            energy_consumed=0.5, codecarbon_version="0", tracking_mode="machine", cpu_model="a CPU", cpu_count=2
        )
""")
    waits = """
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: (time.sleep(1), sys.exit(7)))
print("waits", flush=True)
time.sleep(60)
"""
    process = subprocess.Popen(
        [sys.executable, ROOT / "tools/measure_energy.py", sys.executable, "-c", waits], cwd=tmp_path, text=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout.readline() == "waits\n"
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (7, "")
    with (tmp_path / "results/reference/energy.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row["exit_code"] == "7" and row["energy_kwh"] == "0.5"


def test_energy_of_an_unknown_command_is_one_line(tmp_path):
    command = [sys.executable, ROOT / "tools/measure_energy.py", "no-such-command"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (
        1,
        "error: measure_energy: expected a command, got ['no-such-command']\n",
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("same_number", [False, True])  # as the next process may have in a new container
@pytest.mark.parametrize(("atomic", "name"), [("atomic_file", "scores.csv"), ("atomic_folder", "clean")])
def test_what_a_killed_process_left_is_removed_and_nothing_else(atomic, name, same_number, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = f"""
import os, signal
from pathlib import Path
from stages.pipeline.files import {atomic}
with {atomic}(Path("{name}")) as temporary:
    (temporary / "song.wav" if temporary.is_dir() else temporary).write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", program])
    assert killed.returncode == -signal.SIGKILL
    (left,) = Path().iterdir()
    number = left.name.split(".")[2]
    of_others = [Path(left.name.replace(number, part)) for part in ("0.5", str(os.getppid()))]
    for path in of_others:  # of another output, and of a process that runs
        path.touch()
    if same_number:
        left = left.rename(left.name.replace(number, str(os.getpid())))
    with getattr(files, atomic)(Path(name)) as temporary:
        assert not (left / "song.wav" if atomic == "atomic_folder" else left).exists()
        (temporary / "song.wav" if temporary.is_dir() else temporary).write_text("whole")
    assert sorted(Path().iterdir()) == sorted([*of_others, Path(name)])


def test_a_folder_stays_whole_where_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    folder, replace = tmp_path / "clean", Path.replace
    folder.mkdir()
    (folder / "song.wav").write_text("old")

    def fail_for_the_new_one(path, target):
        if target == folder and "before" not in path.name:
            raise OSError("the disk is gone")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", fail_for_the_new_one)
    with pytest.raises(OSError, match="the disk is gone"), files.atomic_folder(folder) as temporary:
        (temporary / "song.wav").write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["clean"] and (folder / "song.wav").read_text() == "old"


def test_nothing_goes_on_where_a_build_is_killed(project):
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["stems"] |= {"rate": 44100, "song_seconds": [300, 301]}  # much to do for each of its processes
    Path("params.yaml").write_text(yaml.safe_dump(params))
    environment = os.environ | {"LOKY_MAX_CPU_COUNT": "2"}
    command = [sys.executable, "-m", "stages.build_stems", "noisy"]
    build = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)
    own = psutil.Process(build.pid)
    while len(processes := own.children()) < 2:
        assert build.poll() is None
        time.sleep(0.1)
    build.kill()
    build.wait()
    _, alive = psutil.wait_procs(processes, timeout=30)
    for process in alive:
        process.kill()
    assert not alive


def test_ctrl_c_is_one_line_within_five_seconds(project):
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["separation"]["xumx"]["steps"] = 5000
    params["compute"]["workers"] = 1
    Path("params.yaml").write_text(yaml.safe_dump(params))
    before = snapshot(project)
    process = start("train_separator")
    while not list(Path("checkpoints").glob("*.pt")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.1)
    pressed = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert time.monotonic() - pressed < 5
    assert process.returncode == 1
    lines = [line for line in errors.replace("\r", "\n").splitlines() if line and "step/s" not in line]
    assert lines == ["error: train_separator: interrupted"]
    assert snapshot(project) == before


def test_a_linked_folder_is_replaced_and_what_it_points_to_stays(tmp_path):
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "clean"
    elsewhere.mkdir()
    (elsewhere / "song.wav").touch()
    folder.symlink_to(elsewhere)
    for number in range(2):
        with files.atomic_folder(folder) as temporary:
            (temporary / f"song{number}.wav").touch()
        assert [path.name for path in folder.iterdir()] == [f"song{number}.wav"] and not folder.is_symlink()
    assert (elsewhere / "song.wav").exists() and {path.name for path in tmp_path.iterdir()} == {"clean", "elsewhere"}
