"""The smoke pipeline end to end, in a repository of its own, through `dvc exp run`; then what re-runs."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import musdb
import pandas as pd
import pytest
from conftest import snapshot
from mlflow import MlflowClient

ROOT = Path(__file__).parent.parent
TRACKED = [
    ".dvc",
    ".dvcignore",
    ".gitignore",
    "analysis",
    "conf",
    "constraints.txt",
    "dvc.yaml",
    "params.yaml",
    "pyproject.toml",
    "stages",
    "studies",
]
NETWORKS = ("xumx", "hdemucs")
ARMS = ("clean", "noisy", "psi_clean", "psi_noisy", "psi_refined")


GUARD = """
import os, socket

def refuse(*what):
    with open(os.environ["NETWORK_LOG"], "a") as log:
        print(*what, file=log)
    raise OSError("no network in this test")

for name in ("connect", "connect_ex", "sendto", "sendmsg"):
    def guarded(self, *arguments, name=name, original=getattr(socket.socket, name)):
        return original(self, *arguments) if self.family == socket.AF_UNIX else refuse(name, arguments[-1])
    setattr(socket.socket, name, guarded)

socket.getaddrinfo = lambda *arguments, **options: refuse("getaddrinfo", arguments)
"""  # as sitecustomize.py: every Python process that a test starts refuses the network, and writes down who tried


def call(repository: Path, *command: str, expect: int = 0, limit: int | None = None) -> str:
    """Run a command in the repository with this interpreter's tools first; returns what it printed.

    Args: limit: the largest size of a file in KiB, beyond which the disk is full, so to say.
    """
    if limit:
        command = ("bash", "-c", f'ulimit -f {limit}; exec "$@"', "bash", *command)
    environment = guarded_environment(repository)
    result = subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True)
    assert result.returncode == expect, f"{' '.join(command)}\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}"
    return result.stdout + result.stderr


def guarded_environment(repository: Path) -> dict[str, str]:
    """This environment, with this interpreter's tools first, the guard, and no other MLflow store."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(repository.parent / "guard"),
        "NETWORK_LOG": str(repository.parent / "network.log"),
    }
    environment.pop("MLFLOW_TRACKING_URI", None)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled files must not make a stage run again
    return environment


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    """A copy of the project in which the smoke profile was run."""
    target = tmp_path_factory.mktemp("smoke") / "repository"
    target.mkdir()
    (target.parent / "guard").mkdir()
    for name in TRACKED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source,
                target / name,
                symlinks=True,
                ignore=shutil.ignore_patterns("cache", "tmp", "__pycache__", "config.local", "*-seed*"),
            )
        else:
            shutil.copy(source, target / name)
    for folder in (target.parent / "guard", target):  # studies set the latter as PYTHONPATH
        (folder / "sitecustomize.py").write_text(GUARD)
    call(target, "git", "init", "--quiet")
    call(target, "git", "add", "--all")
    call(target, "git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "--message", "copy")
    call(target, "dvc", "exp", "run", "--set-param", "profile=smoke")
    return target


@pytest.mark.timeout(900)
def test_every_table_and_figure_is_written(repository):
    table1 = pd.read_csv(repository / "results/table1.csv")
    assert list(table1.columns[:7]) == ["inputs", "training_data", "class", "accuracy", "f1", "precision", "recall"]
    assert set(table1["inputs"]) == {"single", "multi"}
    assert set(table1["training_data"]) == {"clean", "noisy", "refined"}
    table2 = pd.read_csv(repository / "results/table2.csv")
    assert list(table2.columns[:8]) == ["network", "training_data", "metric", "vocals", "bass", "drums", "other", "avg"]
    rows = set(table2[["network", "training_data", "metric"]].itertuples(index=False, name=None))
    assert {(n, a, m) for n in NETWORKS for a in ARMS for m in ("csdr", "usdr")} <= rows
    assert {"mixture", "ideal_ratio_mask"} <= set(table2["network"])
    claims = pd.read_csv(repository / "results/claims.csv")
    assert list(claims.columns) == ["id", "text", "paper", "ours", "holds", "p", "seeds", "values", "direction"]
    assert len(claims) == 13
    assert (repository / "results/timing.csv").exists()
    assert (repository / "results/README.md").exists()
    for figure in ("thresholds", "separation", "label_quality", "training_curves"):
        assert (repository / f"results/figures/{figure}.png").stat().st_size > 10_000


def test_musdb_opens_clean_and_test(repository):
    for name, subset, songs in (("clean", "train", 4), ("test", "test", 2)):
        tracks = list(musdb.DB(str(repository / "data/stems" / name), is_wav=True, subsets=[subset]))
        assert len(tracks) == songs
        track = tracks[0]
        total = sum(track.targets[c].audio for c in ("vocals", "bass", "drums", "other"))
        assert abs(total - track.audio).max() <= 5 / 32768
        assert set(track.targets) >= {"vocals", "bass", "drums", "other"}


def runs(repository: Path) -> list[tuple[str, str]]:
    client = MlflowClient(f"sqlite:///{repository / 'mlflow.db'}")
    experiments = client.search_experiments()
    names = {e.experiment_id: e.name for e in experiments}
    found = client.search_runs(list(names))
    return sorted((names[run.info.experiment_id], run.info.run_name) for run in found)


def test_every_training_and_scoring_is_one_run(repository):
    classifiers = [f"classifier/{training}/seed0" for training in ("clean", "noisy", "refined")]
    separators = [f"{network}/{arm}/seed0" for network in NETWORKS for arm in ARMS]
    expected = [(f"{verb}_classifier", name) for verb in ("train", "score") for name in classifiers]
    expected += [(f"{verb}_separator", name) for verb in ("train", "score") for name in separators]
    expected += [("score_separator", scale) for scale in ("mixture", "ideal_ratio_mask")]
    assert runs(repository) == sorted(expected)


def test_a_run_holds_params_curve_metrics_data_and_figure(repository):
    client = MlflowClient(f"sqlite:///{repository / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("train_separator")
    run = client.search_runs([experiment.experiment_id], "attributes.run_name = 'xumx/psi_refined/seed0'")[0]
    assert run.info.status == "FINISHED"
    assert run.data.params["separation/xumx/steps"] == "4"
    for curve in ("training loss", "gradient norm"):
        assert len(client.get_metric_history(run.info.run_id, curve)) >= 4
    assert [entry.dataset.name for entry in run.inputs.dataset_inputs] == ["psi_refined"]
    assert len(run.data.tags["mlflow.source.git.commit"]) >= 40
    assert "curve.png" in [artifact.path for artifact in client.list_artifacts(run.info.run_id)]


@pytest.mark.timeout(300)
def test_a_second_run_does_nothing(repository):
    before = runs(repository)
    assert "Running stage" not in call(repository, "dvc", "repro")
    assert runs(repository) == before


def test_a_result_is_logged_once_however_often_its_stage_runs(repository):
    before = runs(repository)
    call(repository, "dvc", "repro", "--force", "--single-item", "score_classifier@clean")
    assert runs(repository) == before


def test_a_changed_threshold_re_runs_labels_but_no_classifier_before_them(repository):
    params = repository / "params.yaml"
    text = params.read_text()
    params.write_text(text.replace("refinement:\n  threshold: 0.5", "refinement:\n  threshold: 0.625"))
    assert params.read_text() != text
    targets = ("train_separator@xumx-clean", "train_separator@xumx-psi_clean", "refine_labels@psi_refined")
    try:
        ran = re.findall(r"Running stage '(.+)'", call(repository, "dvc", "repro", *targets))
    finally:
        params.write_text(text)
        call(repository, "dvc", "repro", *targets)
    always = {"refine_labels@psi_clean", "refine_labels@psi_noisy"}
    depends_on_labels = {
        "train_classifier@refined",
        "predict_segments@psi_refined",
        "refine_labels@psi_refined",
        "train_separator@xumx-psi_clean",
    }
    assert always <= set(ran) <= always | depends_on_labels


def without_timing(repository: Path) -> dict[str, str]:
    """The snapshot of all that should be the same in every run; tables in results/ hold times, too."""
    digests = {path.removeprefix(f"{repository}/"): digest for path, digest in snapshot(repository).items()}
    return {path: digest for path, digest in digests.items() if not path.startswith(("timing/", "results/"))}


def at_once(repository: Path, *commands: list[str]) -> list[tuple[int, str]]:
    """Run commands side by side; their exit codes and errors."""
    environment = guarded_environment(repository)
    runs = [
        subprocess.Popen(
            each, cwd=repository, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        for each in commands
    ]
    errors = [process.communicate()[1] for process in runs]
    return [(process.returncode, error) for process, error in zip(runs, errors, strict=True)]


def test_two_runs_of_one_stage_at_once_do_not_mix(repository):
    before = without_timing(repository)
    again = ["dvc", "repro", "--force", "--single-item", "train_separator@xumx-clean"]
    found = at_once(repository, again, again)
    assert 0 in [code for code, _ in found]
    assert all(code == 0 or "lock" in error or "busy" in error for code, error in found)
    assert without_timing(repository) == before


def test_two_lanes_at_once_do_not_stop_each_other(repository):
    before = without_timing(repository)
    again = ["dvc", "--wait-for-lock", "repro", "--force", "--single-item"]
    lanes = ["train_separator@xumx-noisy", "score_separator@xumx-noisy"], ["train_separator@hdemucs-noisy"]
    found = at_once(repository, *([*again, *lane] for lane in lanes))
    assert [code for code, _ in found] == [0, 0], found
    assert without_timing(repository) == before


@pytest.fixture(scope="module")
def another(repository, tmp_path_factory) -> Path:
    """The same commit, from scratch, with another number of loader workers: all that leads to one row of Table 2."""
    target = tmp_path_factory.mktemp("again") / "repository"
    call(repository.parent, "git", "clone", "--quiet", str(repository), str(target))
    settings = ("--set-param", "profile=smoke", "--set-param", "compute.workers=1")
    call(
        target, "dvc", "exp", "run", *settings, "score_separator@xumx-psi_refined", "train_separator@hdemucs-psi_noisy"
    )
    return target


@pytest.mark.timeout(600)
def test_two_runs_from_scratch_are_equal_byte_for_byte(repository, another):
    first, second = without_timing(repository), without_timing(another)
    assert {"data/arms/psi_refined.csv", "models/separator/xumx-psi_refined.safetensors"} <= set(second)
    assert {path: first[path] for path in second} == second


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("stages.train_separator", "xumx-dirty"), "train_separator: expected one of xumx-clean"),
        (("stages.train_separator", "abacus-clean"), "train_separator: expected one of xumx-clean"),
        (("stages.refine_labels", "psi_dirty"), "refine_labels: expected one of psi_clean"),
    ],
)
def test_an_unknown_arm_or_network_is_one_line(command, expected, repository):
    output = call(repository, sys.executable, "-m", *command, expect=1)
    assert expected in output
    assert len(output.strip().splitlines()) == 1


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="the versions are those of Debian packages")
def test_the_environment_names_what_the_songs_are_played_and_sung_with(repository):
    environment = json.loads((repository / "metrics/environment.json").read_text())
    assert environment["device"] == "cpu"
    recorded = environment["packages"]
    query = ["dpkg-query", "--show", "--showformat=${Version}", "espeak-ng"]
    assert recorded["espeak-ng"] == subprocess.run(query, capture_output=True, text=True, check=True).stdout
    assert recorded["torch"].startswith("2.") and {"fluidsynth", "timgm6mb-soundfont"} <= recorded.keys()


@pytest.mark.timeout(300)
def test_a_study_runs_the_pipelines_stages_in_a_workspace_of_its_own(repository):
    before = without_timing(repository)
    own = repository / "stages/record_environment.py"
    code = own.read_text()
    own.write_text(code + '\nprint("the copy runs its own code")\n')
    study = ("dvc", "--cd", "studies", "repro", "oracle@flips_40-0-xumx")
    output = call(repository, *study)
    own.write_text(code)
    assert "the copy runs its own code" in output
    ran = re.findall(r"Running stage '(\w+)@flips_40-0[-\w]*'", output)
    assert sorted(ran) == ["corrupt", "label_oracle", "open_workspace", "oracle"]
    assert output.count("Running stage") == 4
    assert without_timing(repository) == before
    assert ("train_separator", "flips_40-seed0/xumx/oracle/seed0") in runs(repository)
    again = re.findall(r"Running stage '(\w+)@", call(repository, *study))
    assert again == ["open_workspace"]  # whose code is as it was before
    assert "Running stage" not in call(repository, *study)
    workspace = repository / "studies/flips_40-seed0"
    assert json.loads((workspace / "metrics/score_separator/xumx-oracle.json").read_text())["songs"] == 2
    assert not call(repository, "git", "status", "--porcelain", "studies/flips_40-seed0")
    call(repository, sys.executable, "analysis/make_reference.py")
    measured = pd.read_csv(repository / "results/reference/measured/separation.csv")
    found = set(measured[["condition", "network", "training_data"]].itertuples(index=False, name=None))
    assert {("flips_40", "xumx", "oracle"), ("pipeline", "hdemucs", "psi_refined")} <= found
    params = repository / "params.yaml"
    text = params.read_text()
    params.write_text(re.sub("threads: .*", "threads: 3", text))  # which changes no result
    call(repository, "dvc", "--cd", "studies", "repro", "--single-item", "open_workspace@flips_40-0")
    params.write_text(text)
    assert "threads: 3" in (workspace / "params.yaml").read_text()
    assert (workspace / "scores/separator/xumx-oracle.csv").exists()


@pytest.mark.parametrize(
    ("stage", "item", "limit"),
    [
        ("build_stems", "test", 64),
        ("corrupt_stems", None, 64),
        ("label_segments", "noisy", 4),
        ("predict_segments", "psi_clean", 4),
        ("refine_labels", "psi_clean", 4),
    ],
)
def test_a_full_disk_is_one_line_and_leaves_what_was_there(repository, stage, item, limit):
    before = snapshot(repository)
    arguments = [item] if item else []
    output = call(repository, sys.executable, "-m", f"stages.{stage}", *arguments, expect=1, limit=limit)
    errors = [line for line in output.splitlines() if "error" in line.lower()]
    assert len(errors) == 1 and errors[0].startswith("error: "), output
    assert "Traceback" not in output
    assert snapshot(repository) == before


def test_an_unknown_profile_is_refused(repository):
    before = (repository / "params.yaml").read_text()
    output = call(repository, "dvc", "exp", "run", "--set-param", "profile=huge", expect=255)
    assert "profile/huge" in output
    assert (repository / "params.yaml").read_text() == before


def test_timing_says_what_every_stage_took(repository):
    stages = [json.loads(path.read_text()) for path in (repository / "timing").glob("*.json")]
    assert len(stages) == 43
    assert all(0 <= entry["training_seconds"] <= entry["wall_seconds"] for entry in stages)


def test_nothing_touched_the_network(repository):
    """The last one, so that it knows of all the others. The guard itself is tried where stages and studies run."""
    log = repository.parent / "network.log"
    assert not log.exists(), log.read_text()
    attempt = 'import socket; socket.create_connection(("192.0.2.1", 9))'
    for path in (repository.parent / "guard", repository):
        environment = guarded_environment(repository) | {"PYTHONPATH": str(path)}
        assert subprocess.run([sys.executable, "-c", attempt], env=environment, capture_output=True).returncode == 1
    assert log.read_text().count("192.0.2.1") == 2
