"""`make reproduce` runs two lanes of DVC stages side by side: all trainings are in them, in an order that works."""

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
