"""What the studies measured: taken over from their workspaces, kept, and refused where it does not belong."""

import hashlib
import json
import re

import made_up_metrics as made_up
import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import ROOT
from made_up_metrics import workspace

from analysis.reference import collect
from analysis.results import NETWORKS
from stages.pipeline.errors import InputError
from stages.stems.segments import ARMS, PROBABILITIES

SEPARATORS = len(NETWORKS) * len(ARMS) + 1  # in a workspace with the oracle
XUMX = yaml.safe_load((ROOT / "params.yaml").read_text())["separation"]["xumx"]


def test_measurements_are_taken_over_once_and_replaced_by_newer_ones(tmp_path):
    folder = workspace(tmp_path / "studies", "base-seed0", ("oracle",))
    first = collect(tmp_path, tmp_path / "measured")
    arms = first.separation.drop_duplicates(["network", "training_data"])
    assert len(arms) == SEPARATORS and len(first.separation) == SEPARATORS * 14 * 4
    before = {path.name: path.read_bytes() for path in (tmp_path / "measured").iterdir()}
    collect(tmp_path, tmp_path / "measured")
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "measured").iterdir()}
    table = pd.read_csv(folder / "scores/separator/xumx-oracle.csv").assign(csdr=9.0)
    table.to_csv(folder / "scores/separator/xumx-oracle.csv", index=False)
    second = collect(tmp_path, tmp_path / "measured").separation
    assert len(second) == len(first.separation)
    assert set(second.loc[second["training_data"] == "oracle", "csdr"]) == {9.0}


def test_scores_are_kept_song_by_song_and_read_class_by_class(tmp_path):
    folder = workspace(tmp_path / "studies", "base-seed0", ("oracle",))
    file = folder / "scores/separator/xumx-oracle.csv"
    scores = pd.read_csv(file)
    scores.loc[(scores["song"] == "song 03") & (scores["class"] == "bass"), "csdr"] = np.nan
    scores.to_csv(file, index=False)
    found = collect(tmp_path, tmp_path / "measured").separation
    found = found[(found["network"] == "xumx") & (found["training_data"] == "oracle")]
    pd.testing.assert_frame_equal(found[scores.columns].reset_index(drop=True), scores.round(4))
    assert len(pd.read_csv(tmp_path / "measured/separation.csv")) == SEPARATORS * 14
    scores.iloc[[0, *range(len(scores))]].to_csv(file, index=False)
    with pytest.raises(InputError, match=r"/base-seed0: scores/separator/xumx-oracle\.csv: expected one row for each"):
        collect(tmp_path, tmp_path / "measured")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("<<<<<<< HEAD", "line 3: expected a condition and a seed, got '<<<<<<< HEAD'"),
        (",".join("x" * 30), "expected a table: .* Expected 15 fields in line 3, saw 30"),
    ],
    ids=["marks", "fields"],
)
def test_a_merge_conflict_in_what_was_measured_is_one_line(tmp_path, line, message):
    workspace(tmp_path / "studies", "base-seed0")
    collect(tmp_path, tmp_path / "measured")
    file = tmp_path / "measured/labels.csv"
    first, second, *rest = file.read_text().splitlines()
    damaged = "\n".join([first, second, line, *rest]) + "\n"
    file.write_text(damaged)
    with pytest.raises(InputError, match=re.escape(str(file)) + ": " + message):
        collect(tmp_path, tmp_path / "measured")
    assert file.read_text() == damaged


def test_measurements_outlive_their_workspace(tmp_path):
    workspace(tmp_path / "here/studies", "pipeline-seed1")
    kept = collect(tmp_path / "here", tmp_path / "measured")
    workspace(tmp_path / "there/studies", "pipeline-seed2")
    both = collect(tmp_path / "there", tmp_path / "measured")
    assert set(both.separation["seed"]) == {1, 2} and set(both.decisions["seed"]) == {1, 2}
    assert len(both.labels) == 2 * len(kept.labels)


def test_a_workspace_of_other_parameters_is_refused(tmp_path):
    folder = workspace(tmp_path / "studies", "flips_40-seed1")
    computed = yaml.safe_load((folder / "params.yaml").read_text())
    computed["compute"]["threads"] = 7
    (folder / "params.yaml").write_text(yaml.safe_dump(computed))
    assert len(collect(tmp_path, tmp_path / "measured").separation)
    computed["refinement"]["threshold"] = 0.25
    (folder / "params.yaml").write_text(yaml.safe_dump(computed))
    with pytest.raises(InputError, match=r"flips_40-seed1/params\.yaml: expected .* what flips_40 changes"):
        collect(tmp_path, tmp_path / "measured")


def test_a_condition_with_wrong_parameters_is_one_line_once_its_workspace_is_there(tmp_path):
    workspace(tmp_path / "studies", "flips_40-seed1")
    (tmp_path / "studies/conditions.yaml").write_text("flips_40: {refinement: {threshold: 2.0}}")
    with pytest.raises(InputError, match=r"^studies/conditions\.yaml: flips_40: refinement\.threshold: "):
        collect(tmp_path, tmp_path / "measured")


def test_labels_of_unknown_truth_are_counted_alone(tmp_path):
    folder = workspace(tmp_path / "studies", "base-seed1")
    file = folder / "metrics/refine_labels/psi_noisy.json"
    made_up.write(file, json.loads(file.read_text()) | {"label_quality": None})
    labels = collect(tmp_path, tmp_path / "measured").labels.set_index("labels")
    assert np.isnan(labels.loc["psi_noisy", "f1"]) and labels.loc["psi_noisy", "segments"] == 1900


def test_the_pipelines_own_run_is_condition_pipeline_at_its_seed(tmp_path):
    workspace(tmp_path / "studies", "pipeline-seed1")
    made_up.write_metrics(tmp_path)
    found = collect(tmp_path, tmp_path / "measured").separation
    assert set(found["seed"]) == {0, 1} and set(found["condition"]) == {"pipeline"}


def test_other_parameters_are_never_mixed_in(tmp_path):
    workspace(tmp_path / "studies", "base-seed0")
    collect(tmp_path, tmp_path / "measured")
    text = (tmp_path / "params.yaml").read_text()
    (tmp_path / "params.yaml").write_text(text.replace("threads: 1", "threads: 2").replace("seed: 0", "seed: 5"))
    collect(tmp_path, tmp_path / "measured")
    (tmp_path / "params.yaml").write_text(text.replace("hidden: 256", "hidden: 16"))
    with pytest.raises(InputError, match="expected the parameters that .*measured/params.yaml was measured with"):
        collect(tmp_path, tmp_path / "measured")
    (tmp_path / "measured/params.yaml").write_text("<<<<<<< ours\n")
    with pytest.raises(InputError, match="measured/params.yaml: expected keys and values, got '<<<<<<< ours'"):
        collect(tmp_path, tmp_path / "measured")


def test_the_pipelines_own_run_has_to_be_what_dvc_lock_has(tmp_path):
    workspace(tmp_path / "studies", "pipeline-seed1")
    made_up.write_metrics(tmp_path)
    score = tmp_path / "scores/separator/xumx-noisy.csv"
    out = {"path": "scores/separator/xumx-noisy.csv", "md5": hashlib.md5(score.read_bytes()).hexdigest()}
    params = {"scoring.mixes": 600, "stems.song_seconds": [20, 28], "separation.xumx": XUMX}
    stages = {"score_separator@xumx-noisy": {"params": {"params.yaml": params}, "outs": [out]}}
    lock = tmp_path / "dvc.lock"
    lock.write_text(yaml.safe_dump({"stages": stages}).replace("1.0e-05", "1e-05"))  # as DVC writes it
    assert "1e-05" in lock.read_text()
    collect(tmp_path, tmp_path / "measured")
    params["separation.xumx"] = XUMX | {"hidden": 16}
    lock.write_text(yaml.safe_dump({"stages": stages}))
    with pytest.raises(InputError, match=r"params\.yaml: score_separator@xumx-noisy .* another separation\.xumx: "):
        collect(tmp_path, tmp_path / "measured")
    lock.write_text("stages:\n<<<<<<< ours\n  a: {}\n=======\n")
    with pytest.raises(InputError, match=r"dvc\.lock: cannot be read as YAML: "):
        collect(tmp_path, tmp_path / "measured")
    params["separation.xumx"] = XUMX
    lock.write_text(yaml.safe_dump({"stages": stages}))
    score.write_text(score.read_text().replace("0", "1"))
    with pytest.raises(InputError, match=r"xumx-noisy\.csv: expected what dvc\.lock has of score_separator@xumx-noisy"):
        collect(tmp_path, tmp_path / "measured")


def test_a_run_of_two_machines_names_both(tmp_path):
    folder = workspace(tmp_path / "studies", "base-seed0")
    collect(tmp_path, tmp_path / "measured")
    file = folder / "metrics/environment.json"
    made_up.write(file, json.loads(file.read_text()) | {"cpu": "another processor"})
    environment = collect(tmp_path, tmp_path / "measured").environment
    assert sorted(environment["cpu"]) == ["a processor", "another processor"]


def test_cut_probabilities_decide_like_the_whole_ones(tmp_path):
    """At every threshold of two decimals, among them those whose hundredfold is no whole binary number."""
    folder = workspace(tmp_path / "studies", "pipeline-seed0")
    file = folder / "scores/classifier/noisy.csv"
    grid = np.arange(1, 100) / 100
    whole = np.concatenate([grid, grid - 1e-4, grid + 1e-4, np.random.default_rng(4).random(400)])
    table = pd.read_csv(file, keep_default_na=False).iloc[: len(whole)]
    whole = whole[: len(table)]
    table.assign(**dict.fromkeys(PROBABILITIES, whole)).to_csv(file, index=False, float_format="%.6g")
    kept = collect(tmp_path, tmp_path / "measured").decisions
    cut = kept.loc[kept["training_data"] == "noisy", "p_vocals"].to_numpy()
    assert ((cut[:, None] >= grid) == (whole[:, None] >= grid)).all()
