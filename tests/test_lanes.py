"""The Makefile: `make reproduce` runs two lanes of DVC stages side by side, and `make study` all that there is.

All trainings are in the lanes, in an order that works.
"""

import shutil
import subprocess

import pytest
from conftest import ROOT
from dvc.repo import Repo

LANES = ("first_lane", "second_lane")


def stages_of(target: str) -> list[str]:
    """The stages that a target of the Makefile names, in its order."""
    command = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", target], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return [word for word in command.split() if "@" in word]


@pytest.fixture(scope="module")
def needs() -> dict[str, set[str]]:
    """The stages whose outputs each stage of dvc.yaml reads."""
    graph = Repo(ROOT).index.graph
    return {stage.addressing: {needed.addressing for needed in graph[stage]} for stage in graph}


def test_every_training_and_scoring_is_in_one_lane(needs):
    both = [stage for lane in LANES for stage in stages_of(lane)]
    kinds = ("train_", "predict_", "refine_", "score_classifier", "score_separator")
    assert sorted(both) == sorted(stage for stage in needs if stage.startswith(kinds))


def test_a_lane_needs_nothing_of_the_other_and_nothing_that_comes_later(needs):
    everything, both = stages_of("reproduce"), [stage for lane in LANES for stage in stages_of(lane)]
    before = everything[: len(everything) - len(both)]
    assert sorted(everything) == sorted([*before, *both]) and before
    for lane in LANES:
        done = set(before)
        while missing := {needed for stage in done for needed in needs[stage]} - done:
            done |= missing
        for stage in stages_of(lane):
            assert needs[stage] <= done, stage
            done.add(stage)


@pytest.mark.parametrize("failing, code", [("", 0), ("tools/measure_energy.py", 2), ("analysis/make_reference.py", 2)])
def test_a_study_of_which_a_run_fails_is_drawn_and_ends_with_an_error(failing, code, tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    programs = {
        "tools/system_packages.sh": "exit 0",
        ".venv/bin/python": f'echo "$@" >> called; test "$1" != "{failing}"',
        ".venv/bin/dvc": 'echo dvc "$@" >> called',
    }
    for name in ("pyproject.toml", "constraints.txt", ".venv/ready"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for name, body in programs.items():
        program = tmp_path / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
    assert subprocess.run(["make", "study"], cwd=tmp_path, capture_output=True).returncode == code
    called = (tmp_path / "called").read_text().splitlines()
    study = called.index("tools/measure_energy.py dvc --cd studies repro --keep-going")
    assert called[study - 1] == "dvc repro" and all(line.startswith("dvc ") for line in called[:study])
    pages = ["analysis/make_reference.py", "analysis/make_readme.py"]
    assert called[study + 1 :] == (pages[:1] if failing in pages else pages)
