"""MLflow's store, written by several processes, and what a run says of its code."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT

from stages.pipeline.errors import InputError
from stages.pipeline.tracking import git_revision, mlflow_store, run_name, tracking_root

EXPERIMENT = Path(".dvc", "tmp", "exps", "one")  # as `dvc exp run --temp` makes a copy, inside the repository

LOG = """
import time
from pathlib import Path
import mlflow
from stages.pipeline.params import load_params
from stages.pipeline.tracking import log_run
Path("ready-{name}").touch()
while not Path("start").exists():
    time.sleep(0.001)
log_run("toy", "{name}", load_params(), data=Path("params.yaml"), metrics={{"loss": 1.0}})
"""


def test_processes_that_log_into_an_empty_store_at_once_all_have_their_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    names = ["a", "b", "c"]
    processes = [
        subprocess.Popen([sys.executable, "-c", LOG.format(name=name)], stderr=subprocess.PIPE, text=True)
        for name in names
    ]
    while len(list(tmp_path.glob("ready-*"))) < len(names) and all(process.poll() is None for process in processes):
        time.sleep(0.01)
    (tmp_path / "start").touch()
    errors = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], errors
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{Path.cwd()}/mlflow.db")
    experiment = client.get_experiment_by_name("toy").experiment_id
    assert sorted(run.info.run_name for run in client.search_runs([experiment])) == names


@pytest.mark.parametrize("name", ["b%20c", "a?b"])
def test_a_folder_that_no_address_can_name_is_one_line(name, tmp_path, monkeypatch):
    (tmp_path / name / ".dvc").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / name)
    with pytest.raises(InputError, match=r"expected a folder without % and \? in its path"), mlflow_store("a run"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("folder", "repositories", "root", "name"),
    [
        (".", ["."], ".", "a"),
        ("studies/base-seed0", [".", "studies"], ".", "base-seed0/a"),  # the studies are one of their own
        ("studies/base-seed0", ["studies"], "studies", "a"),  # a repository that happens to have this name
        ("studies", [".", "studies"], "studies", "a"),
        ("outer/inner", [".", "outer", "outer/inner"], "outer/inner", "a"),  # one inside another
        (EXPERIMENT, [".", EXPERIMENT], ".", "a"),
        (EXPERIMENT / "studies/base-seed0", [".", EXPERIMENT, EXPERIMENT / "studies"], ".", "base-seed0/a"),
    ],
)
def test_a_run_is_kept_by_the_repository_that_asked_for_it(folder, repositories, root, name, tmp_path, monkeypatch):
    for each in (tmp_path / repository for repository in repositories):
        (each / ".dvc").mkdir(parents=True, exist_ok=True)
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tmp_path / folder)
    assert (tracking_root(), run_name("a")) == ((tmp_path / root).resolve(), name)


@pytest.mark.parametrize("programs", [os.environ["PATH"], ""])
def test_a_run_outside_of_git_or_without_it_says_so(programs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", programs)
    assert git_revision() == "not a git checkout"
