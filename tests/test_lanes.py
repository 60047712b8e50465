"""`make reproduce` runs two lanes of DVC stages side by side: all trainings are in them, in an order that works."""

import subprocess

import pytest
from conftest import ROOT
from dvc.repo import Repo

LANES = ("lane_clean", "lane_noisy")
BEFORE = ("label_segments@clean", "label_segments@noisy")  # what `make reproduce` runs before the lanes


def stages_of(lane: str) -> list[str]:
    """The stages that a lane of the Makefile runs, in its order."""
    command = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", lane], cwd=ROOT, check=True, capture_output=True, text=True
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
    for lane in LANES:
        done = set(BEFORE)
        while missing := {needed for stage in done for needed in needs[stage]} - done:
            done |= missing
        for stage in stages_of(lane):
            assert needs[stage] <= done, stage
            done.add(stage)
