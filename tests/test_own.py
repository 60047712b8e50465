"""Labels from outside: what a table of them has to be, and the stages and the tool that compare it with the arms."""

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, run_stage_here
from made_up_metrics import label_files, write, write_metrics

from stages.pipeline.errors import InputError
from stages.refinement.thresholds import audible
from stages.stems import CLASSES
from stages.stems.segments import LABELS, PROBABILITIES, read_arm, write_arm
from stages.variants.own import own_labels

LINKS = ("params.yaml", "data/stems", "data/arms/noisy.csv")


@pytest.fixture
def own(project, monkeypatch) -> pd.DataFrame:
    """The project's workspace for own labels, the working folder; the noisy arm, with a silent segment."""
    arm = read_arm(Path("data/arms/noisy.csv"))
    arm.loc[5, [*PROBABILITIES, *LABELS]] = 0
    write_arm(arm, Path("data/arms/noisy.csv"))
    for name in LINKS:
        link = project / "own" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to((ROOT / "own" / name).readlink())
    monkeypatch.chdir(project / "own")
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
    os.chdir("..")
    run_stage_here("train_separator", "xumx-noisy")
    arm, ours = (
        Path(f"{name}.safetensors") for name in ("models/separator/xumx-noisy", "own/models/separator/xumx-own")
    )
    assert arm.read_bytes() == ours.read_bytes()
    assert not [path for path in Path().rglob("*own.*") if path.parts[0] not in ("own", "mlruns")]


def test_the_tool_compares_them_with_the_arms(tmp_path, monkeypatch, tool, capsys):
    monkeypatch.chdir(write_metrics(tmp_path))
    with pytest.raises(
        SystemExit, match="own/metrics/label_own.json is missing: run `dvc repro own/dvc.yaml:label_own`"
    ):
        tool("compare_own")
    label_files(tmp_path / "own", "psi_clean", np.random.default_rng(1))
    (tmp_path / "own/metrics/refine_labels/psi_clean.json").rename(tmp_path / "own/metrics/label_own.json")
    shutil.copytree(tmp_path / "scores", tmp_path / "own/scores")
    (tmp_path / "own/scores/separator/xumx-psi_noisy.csv").rename(tmp_path / "own/scores/separator/xumx-own.csv")
    tool("compare_own")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["labels", "precision", "recall", "f1", "exact"]
    assert [line.split()[0] for line in lines[1:6]] == ["noisy", "psi_clean", "psi_noisy", "psi_refined", "own"]
    assert [line[:28].strip() for line in lines[6:]] == [
        "X-UMX: own",
        *(f"own minus {a}" for a in ("clean", "noisy", "psi_clean", "psi_noisy", "psi_refined")),
    ]
    assert lines[10][28:] == "+0.00 [+0.00, +0.00]" and lines[8][28:30] == "+1"
    write(tmp_path / "own/metrics/label_own.json", {"label_quality": None})
    tool("compare_own")
    assert capsys.readouterr().out.startswith("the truth of the noisy stems is not known")


def test_the_workspace_is_links_to_the_pipeline():
    for name in LINKS:
        link = ROOT / "own" / name
        assert link.is_symlink() and (link.parent / link.readlink()).resolve() == (ROOT / name).resolve()
