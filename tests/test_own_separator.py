"""docs/own_separator.patch, the example of a separator that is not the paper's: it applies, trains, and is scored."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import ROOT
from made_up_metrics import write_metrics

PATCH = ROOT / "docs/own_separator.patch"


@pytest.fixture
def patched(tmp_path) -> Path:
    """A copy of the repository with the example in it."""
    target = tmp_path / "patched"
    ignored = shutil.ignore_patterns("*-seed*", "__pycache__")
    for name in ("analysis", "conf", "stages", "studies", "tests"):
        shutil.copytree(ROOT / name, target / name, symlinks=True, ignore=ignored)
    for name in (".dvcignore", "dvc.yaml", "params.yaml"):
        shutil.copy(ROOT / name, target / name)
    outside = os.environ | {"GIT_CEILING_DIRECTORIES": str(tmp_path)}  # in a checkout, git apply would skip the copy
    subprocess.run(["git", "apply", str(PATCH)], cwd=target, env=outside, check=True)
    return target


def run(patched: Path, folder: Path, *command: str) -> None:
    environment = os.environ | {"PYTHONPATH": str(patched)}
    result = subprocess.run([sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-3000:]


def test_it_trains_and_is_scored_like_the_papers_networks(patched, project):
    params = yaml.safe_load(Path("params.yaml").read_text())
    settings = yaml.safe_load((patched / "params.yaml").read_text())["separation"]["masks"]
    params["separation"]["masks"] = settings | {"steps": 2}
    Path("params.yaml").write_text(yaml.safe_dump(params))
    for stage in ("train_separator", "score_separator"):
        run(patched, project, "-m", f"stages.{stage}", "masks-noisy")
    scores = pd.read_csv("scores/separator/masks-noisy.csv")
    assert len(scores) == 2 * 4 and scores["usdr"].notna().all()
    assert json.loads(Path("metrics/train_separator/masks-noisy.json").read_text())["loss"] > 0


def test_tables_and_figures_have_it_and_claims_do_not(patched, tmp_path):
    for name, root in (("before", ROOT), ("after", patched)):
        folder = write_metrics(tmp_path / name)
        if root == patched:
            for file in folder.rglob("hdemucs-*"):
                shutil.copy(file, file.with_name(file.name.replace("hdemucs", "masks")))
        run(root, folder, str(root / "analysis/make_tables.py"))
        run(root, folder, str(root / "analysis/make_figures.py"))
    before, after = (pd.read_csv(tmp_path / name / "results/table2.csv") for name in ("before", "after"))
    assert set(after["network"]) == {*before["network"], "masks"}
    assert after.loc[after["network"] == "masks", "paper_avg"].isna().all()
    pd.testing.assert_frame_equal(after[after["network"] != "masks"].reset_index(drop=True), before)
    claims = [(tmp_path / name / "results/claims.csv").read_bytes() for name in ("before", "after")]
    assert claims[0] == claims[1]
    assert "| masks | refined by Ψ_refined |" in (tmp_path / "after/results/README.md").read_text()
    assert (tmp_path / "after/results/figures/separation.png").exists()


def test_every_stage_depends_on_its_code_and_every_profile_has_its_settings(patched):
    tests = ["tests/test_dependencies.py", "tests/test_params.py", "-k", "depend or composition or every_profile"]
    options = ["-o", "addopts=", "-p", "no:cacheprovider", "--rootdir", str(patched)]
    run(patched, patched, "-m", "pytest", "-q", *options, *tests)
