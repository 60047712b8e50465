"""Labels from outside: what a table of them has to be, and the stages and the tool that compare it with the arms."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, run_stage_here
from made_up_metrics import label_files, workspace, write

from analysis.make_reference import make_reference
from analysis.palette import NETWORK_NAMES
from analysis.results import NETWORKS
from stages.open_workspace import open_workspace
from stages.pipeline.errors import InputError
from stages.refinement.thresholds import audible
from stages.stems import CLASSES
from stages.stems.segments import LABELS, PROBABILITIES, read_arm, write_arm
from stages.variants.own import own_labels


@pytest.fixture
def own(project, monkeypatch) -> pd.DataFrame:
    """A workspace for own labels, the working folder; its noisy arm, with a silent segment."""
    Path("studies").mkdir()
    shutil.copy(ROOT / "studies/conditions.yaml", "studies")
    monkeypatch.chdir(open_workspace("own", 0))
    run_stage_here("corrupt_stems")
    run_stage_here("label_segments", "noisy")
    arm = read_arm(Path("data/arms/noisy.csv"))
    arm.loc[5, [*PROBABILITIES, *LABELS]] = 0
    write_arm(arm, Path("data/arms/noisy.csv"))
    return arm


def given(arm: pd.DataFrame) -> pd.DataFrame:
    """Some labels of its segments, those of the silent one among them, in another order."""
    labels = (np.arange(len(arm))[:, None] >> np.arange(4)) % 2
    table = arm[["path", "start", "stop"]].assign(**dict(zip(CLASSES, labels.T, strict=True)), remark="as I hear it")
    return table.sample(frac=1, random_state=0)


def test_own_labels_find_their_segments_and_silence_has_none(own):
    table = given(own)
    table.to_csv("labels.csv", index=False)
    found = own_labels(own, Path("labels.csv"))
    assert found.drop(columns=LABELS).equals(own.drop(columns=LABELS))
    wanted = table.sort_index()[LABELS].to_numpy() * audible(own)[:, None]
    assert wanted.any(axis=0).all() and given(own).loc[5, LABELS].any() and not audible(own)[5]
    assert (found[LABELS].to_numpy() == wanted).all()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda table: table.drop(columns="bass"),
            "expected columns path,start,stop,vocals,bass,drums,other, bass is ",
        ),
        (lambda table: table.assign(drums=table["drums"] + 0.5), "row 2: expected labels of 0 or 1"),
        (lambda table: table.assign(drums=["?", *table["drums"][1:]]), "row 2: expected labels of 0 or 1"),
        (lambda table: pd.concat([table, table[3:4]]), r"row \d+: expected every segment of the noisy stems once, and"),
        (
            lambda table: table.assign(path="a.wav"),
            "row 2: expected every segment of the noisy stems once, and no other",
        ),
        (lambda table: table.assign(start="x"), "row 2: expected every segment of the noisy stems once, and no other"),
        (lambda table: table[1:], r"expected every segment of the noisy stems, \S+wav from \d+ to \d+ is missing$"),
    ],
)
def test_a_table_that_is_not_one_of_every_segment_is_refused(own, damage, message):
    damage(given(own)).to_csv("labels.csv", index=False)
    with pytest.raises(InputError, match=f"^labels.csv: {message}"):
        own_labels(own, Path("labels.csv"))


def test_without_a_table_nothing_is_written(own):
    with pytest.raises(SystemExit, match="^error: labels.csv: cannot be read as a table of labels: "):
        run_stage_here("label_own")
    assert not Path("data/arms/own.csv").exists()


def test_separators_learn_from_own_labels_what_they_learn_from_an_arm(own):
    shutil.copy("data/arms/noisy.csv", "labels.csv")  # any arm is such a table
    run_stage_here("label_own")
    pd.testing.assert_frame_equal(read_arm(Path("data/arms/own.csv")), own)
    for network in ("xumx", "hdemucs"):
        run_stage_here("train_variant", f"{network}-own")
        run_stage_here("score_variant", f"{network}-own")
    run_stage_here("train_separator", "xumx-noisy")
    weights = [Path(f"models/separator/xumx-{name}.safetensors").read_bytes() for name in ("noisy", "own")]
    assert weights[0] == weights[1]


@pytest.fixture
def scored(tmp_path, monkeypatch) -> Path:
    """A repository with a reference of two seeds, and own labels of the first: they are psi_noisy's. Its workspace."""
    for name, seed in (("pipeline-seed0", 0), ("pipeline-seed1", 1)):
        workspace(tmp_path / "studies", name, ("oracle",), seed)
    folder = workspace(tmp_path / "studies", "own-seed0")
    make_reference(tmp_path, tmp_path / "results")
    (folder / "labels.csv").touch()
    shutil.copytree(folder, folder.with_name("own-seed0 old"))  # which is nobody's
    label_files(folder, "psi_clean", np.random.default_rng(1))
    (folder / "metrics/refine_labels/psi_clean.json").rename(folder / "metrics/label_own.json")
    (folder / "scores/separator/xumx-psi_noisy.csv").rename(folder / "scores/separator/xumx-own.csv")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def changed(monkeypatch) -> set[str]:
    """The stages that DVC would say have changed."""
    stages = set()

    def status(command: list[str], **_) -> subprocess.CompletedProcess:
        assert command[:6] == ["dvc", "--cd", "studies", "status", "--json", "--with-deps"]
        found = {name: ["changed deps"] for name in stages if command[6] == f"own/dvc.yaml:{name}"}
        return subprocess.CompletedProcess(command, 0, json.dumps(found), "")

    monkeypatch.setattr(subprocess, "run", status)
    return stages


def test_the_tool_compares_them_with_the_arms(scored, changed, tool, capsys):
    measured = pd.read_csv("results/reference/measured/separation.csv")
    assert set(measured["condition"]) == {"pipeline"} and "own" not in set(measured["training_data"])
    tool("compare_own")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["labels,", "seeds", "0", "precision", "recall", "f1", "exact"]
    names = ["noisy", "refined by Ψ_clean", "refined by Ψ_noisy", "refined by Ψ_refined"]
    assert [line[:32].strip() for line in lines[1:6]] == [*names, "own"]
    quality = json.loads((scored / "metrics/label_own.json").read_text())["label_quality"]
    assert lines[5].split()[1:] == [f"{quality[name]:.3f}" for name in ("precision", "recall", "f1", "exact")]
    assert lines[6].startswith("X-UMX, seeds 0: ")
    names = [f"  minus {name}" for name in (*names, "true labels (oracle)", "clean (other songs)")]
    assert [line[:32].rstrip() for line in lines[7:13]] == names
    assert lines[9][32:] == "+0.00 [+0.00, +0.00]   by seed +0.00" and lines[7][32:34] == "+1"
    assert lines[13].endswith("Claim nothing yet.")
    others = [NETWORK_NAMES[network] for network in NETWORKS if network != "xumx"]
    assert lines[14:] == [f"{name}: no scores of the labels that are there now" for name in others]


def test_labels_are_compared_at_the_seeds_that_both_have(scored, changed, tool, capsys):
    for seed in (1, 2):  # of which the reference has the first
        other = workspace(Path("studies"), f"own-seed{seed}", seed=seed)
        (other / "labels.csv").touch()
        quality = {"label_quality": {"precision": 0.5, "recall": 0.25 * seed, "f1": 0.5, "exact": 0.5}}
        write(other / "metrics/label_own.json", quality)
    tool("compare_own")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:4] == ["labels,", "seeds", "0,", "1"]
    own, measured = lines[5].split(), pd.read_csv("results/reference/measured/labels.csv")
    first = json.loads((scored / "metrics/label_own.json").read_text())["label_quality"]["recall"]
    assert own[0] == "own" and own[2] == f"{(first + 0.25) / 2:.3f}"
    theirs = measured[(measured["labels"] == "psi_noisy") & measured["seed"].isin((0, 1))]
    assert lines[3].split()[-3] == f"{theirs['recall'].mean():.3f}"
    first_two = measured["seed"].isin((0, 1))
    measured.loc[first_two, "recall"] = 0.2 + 0.4 * measured.loc[first_two, "seed"]
    measured.to_csv("results/reference/measured/labels.csv", index=False)
    shutil.rmtree("studies/own-seed0")
    tool("compare_own")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["labels,", "seeds", "1"] and lines[3].split()[-3] == "0.600"
    shutil.rmtree("studies/own-seed1")
    tool("compare_own")
    assert capsys.readouterr().out.startswith("Labels: results/reference/measured has none of the seeds 2 to compare")


def test_the_tool_refuses_other_stems(scored, changed, tool):
    manifest = Path("data/stems/test/manifest.csv")
    manifest.parent.mkdir(parents=True)
    manifest.write_text("music")
    make_reference(Path(), Path("results"))
    tool("compare_own")
    manifest.write_text("other music")
    with pytest.raises(SystemExit, match="^error: data/stems/test/manifest.csv: expected the stems that results/"):
        tool("compare_own")


def test_the_tool_takes_no_scores_of_other_labels(scored, changed, tool, capsys):
    changed |= {"label_own@0", "score_own@0-xumx"}
    tool("compare_own")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Labels that were not judged yet") and lines[1].startswith(
        "X-UMX: no scores of the labels"
    )


def test_the_tool_refuses_other_parameters_and_does_without_truth(scored, changed, tool, capsys):
    write(scored / "metrics/label_own.json", {"label_quality": None})
    tool("compare_own")
    assert capsys.readouterr().out.startswith("The truth of these stems is not known")
    params = scored / "params.yaml"
    params.write_text(params.read_text().replace("seed: 0", "seed: 1"))
    with pytest.raises(SystemExit, match="own-seed0/params.yaml: expected params.yaml with what own changes"):
        tool("compare_own")
    (scored / "labels.csv").unlink()
    with pytest.raises(SystemExit, match="^error: studies/own-seed0/labels.csv is missing: docs/own_labels.md"):
        tool("compare_own")


def test_nothing_to_compare_with_is_one_line_and_nothing_is_written(scored, changed, tool):
    shutil.rmtree("results")
    with pytest.raises(SystemExit, match=r"^error: results/reference/measured/params.yaml is missing: "):
        tool("compare_own")
    assert not Path("results").exists()
