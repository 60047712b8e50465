"""Workspaces, and the studies' definitions."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import ROOT, run_stage_here

from stages.open_workspace import open_workspace, workspace_params
from stages.pipeline.errors import InputError
from stages.pipeline.params import load_params
from stages.separation.networks import NETWORKS
from stages.stems import CLASSES
from stages.stems.corruption import contaminated, corrupted_stems, corruption_generator
from stages.stems.manifest import Part, read_manifest
from stages.stems.rendered import compose_song, song_generator
from stages.train_variant import ITEMS
from stages.variants.names import BY_SEPARATOR, BY_TRUTH, FILTERED, OWN, ROUNDS, VARIANTS

CONDITIONS = yaml.safe_load((ROOT / "studies/conditions.yaml").read_text())
STUDIES = yaml.safe_load((ROOT / "studies/params.yaml").read_text())


@pytest.fixture
def repository(project) -> Path:
    (project / "studies").mkdir()
    (project / "studies/conditions.yaml").write_text((ROOT / "studies/conditions.yaml").read_text())
    return project


def test_a_workspace_changes_what_its_condition_says_and_the_seed(repository):
    folder = open_workspace("flips_20", 3)
    ours, theirs = load_params(folder / "params.yaml"), load_params()
    assert folder == Path("studies/flips_20-seed3") and ours.seed == 3
    assert ours.corruption.flip_rate.bass == 0.2 and ours.corruption.confusion == theirs.corruption.confusion
    assert ours.classifier.steps == theirs.classifier.steps / 2
    assert ours.separation.xumx.steps == round(0.4 * theirs.separation.xumx.steps)
    for name in ("stems", "segments", "refinement", "scoring", "compute"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert ours.separation.hdemucs == theirs.separation.hdemucs


def test_the_pipelines_condition_changes_the_seed_alone(repository):
    ours, theirs = load_params(open_workspace("pipeline", 3) / "params.yaml"), load_params()
    assert ours == theirs.model_copy(update={"seed": 3})


def test_a_seed_changes_the_corruption_but_never_the_test_set(repository, monkeypatch):
    manifests = []
    for seed in (0, 1):
        folder = open_workspace("flips_40", seed)
        monkeypatch.chdir(folder)
        run_stage_here("corrupt_stems")
        manifests.append([(file.path, file.sources) for file in read_manifest(Path("data/stems/noisy"))])
        assert Path("data/stems/test").resolve() == (repository / "data/stems/test").resolve()
        assert not Path("data/stems/test").readlink().is_absolute()
        monkeypatch.chdir(repository)
    assert manifests[0] != manifests[1]


def test_what_was_measured_with_other_parameters_goes_when_a_workspace_is_opened_anew(repository):
    folder = open_workspace("flips_40", 0)
    measured = [folder / name for name in ("metrics/a.json", "scores/separator/a.csv", "timing/a.json")]
    others = [folder / "data/arms/noisy.csv"]
    for path in (*measured, *others):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["compute"]["threads"] += 1
    Path("params.yaml").write_text(yaml.safe_dump(params))
    open_workspace("flips_40", 0)
    assert all(path.exists() for path in (*measured, *others))
    params["separation"]["xumx"]["hidden"] += 2
    Path("params.yaml").write_text(yaml.safe_dump(params))
    open_workspace("flips_40", 0)
    assert not any(path.exists() for path in measured) and all(path.exists() for path in others)
    measured[0].parent.mkdir()
    measured[0].touch()
    (folder / "params.yaml").write_text("of: before\n")
    open_workspace("flips_40", 0)
    assert not measured[0].exists()


def test_an_unknown_condition_is_one_line(repository):
    with pytest.raises(
        InputError,
        match=r"unknown condition 'flips_99': expected one of pipeline, uncorrupted, own, base, .*conditions",
    ):
        open_workspace("flips_99", 0)
    assert not list(Path("studies").glob("flips*"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected keys and values, got None"),
        ("a: [1", "cannot be read as YAML: "),
        ("- base", "expected keys and"),
    ],
)
def test_conditions_that_are_none_are_one_line(repository, text, message):
    Path("studies/conditions.yaml").write_text(text)
    with pytest.raises(InputError, match="^studies/conditions.yaml: " + re.escape(message)):
        open_workspace("base", 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("corruption: {flip_rate: {vocals: 2.0}}", "corruption.flip_rate.vocals: "),
        ("share_of_steps: {xumx: 0.5}", "share_of_steps: params.yaml has no xumx.steps"),
        ("share_of_steps: {classifier: 0.0}", "classifier.steps: "),
        ("share_of_steps: {classifier: half}", "share_of_steps: classifier: expected a number, got 'half'"),
        ("share_of_steps: 0.5", "expected parameters and share_of_steps, got {'share_of_steps': 0.5}"),
        ("stems: {noisy: {songs: 20}}", "stems: expected no change, since workspaces share the stems"),
    ],
)
def test_a_condition_with_wrong_parameters_leaves_nothing(repository, change, message):
    Path("studies/conditions.yaml").write_text(f"loud: {{{change}}}")
    with pytest.raises(InputError, match="^" + re.escape(f"studies/conditions.yaml: loud: {message}")):
        open_workspace("loud", 0)
    assert not list(Path("studies").glob("loud*/*"))


def test_kinds_of_noise_contaminate_as_many_stems(params):
    """Within 3 points of the default's 37 %, over 1500 songs of the noisy catalogue."""
    kinds = [workspace_params(ROOT, kind, 0)[0].corruption for kind in ("base", "uniform", "bleeding")]
    held = np.zeros((len(kinds), 1500, len(CLASSES)))
    for index in range(1500):
        score = compose_song("noisy", index, params.stems.song_seconds, song_generator("noisy", index))
        parts = [Part(part.name, part.cls) for part in score.parts]
        for kind, settings in enumerate(kinds):
            stems = corrupted_stems(parts, settings, corruption_generator(1, score.name))
            held[kind, index] = [contaminated(c, stems[c]) for c in CLASSES]
    assert held[1:].mean(axis=(1, 2)) == pytest.approx(held[0].mean(), abs=0.03)


def test_the_studies_run_what_the_code_knows():
    assert STUDIES["pipeline_seeds"][:3] == STUDIES["seeds"]
    assert STUDIES["further_seeds"] == STUDIES["pipeline_seeds"][1:]
    assert ["pipeline", "uncorrupted", OWN, *STUDIES["conditions"]] == list(CONDITIONS)
    assert STUDIES["conditions"] == ["base", *STUDIES["noises"], "paper_threshold", "longer"]
    assert STUDIES["with_oracle"] == ["base", *STUDIES["noises"], "longer"]
    assert set(STUDIES["variants"]) == set(VARIANTS) - {"oracle", "threshold_0.5"}  # 0.5 is the refined arm's own
    assert STUDIES["trained_variants"] == [*STUDIES["variants"], ROUNDS[-1], BY_SEPARATOR]
    assert STUDIES["scored_variants"] == [*STUDIES["trained_variants"], "fine_tuned"]
    stages = yaml.safe_load((ROOT / "studies/dvc.yaml").read_text())["stages"]
    labelled, trained, scored = (
        STUDIES[stages[f"{do}_flips_40"]["matrix"]["variant"].strip("${}")] for do in ("label", "train", "score")
    )
    assert set(labelled) < set(VARIANTS) and trained == scored == [*labelled, BY_SEPARATOR]
    of_pipeline = [stages[f"{do}_pipeline"]["matrix"] for do in ("label", "train", "score")]
    assert STUDIES["filters"] == list(FILTERED) and {one["variant"] for one in of_pipeline} == {"${filters}"}
    assert {one["seed"] for one in of_pipeline} == {"${pipeline_seeds}"}
    trained, scored, separated, true = (
        stages[f"{name}_hdemucs"]["matrix"] for name in ("train", "score", "separate", "oracle")
    )
    assert trained == scored and STUDIES[trained["variant"].strip("${}")] == labelled
    assert set(labelled) == {"single_only", *FILTERED, BY_TRUTH}
    assert all(one["condition"] == trained["condition"] for one in (separated, true))
    assert {f"{network}-{labels}" for network in NETWORKS for labels in STUDIES["trained_variants"]} <= {*ITEMS}


def test_a_stage_writes_the_separator_that_its_command_names():
    """The network and the labels of its outputs are those that it trains or scores."""
    seen = set()
    for name, stage in yaml.safe_load((ROOT / "studies/dvc.yaml").read_text())["stages"].items():
        written = [path for path in (*stage.get("outs", ()), *stage.get("metrics", ())) if "separator/" in path]
        items = {Path(path).stem for path in written}
        commands = stage["cmd"] if isinstance(stage["cmd"], list) else [stage["cmd"]]
        named = [command.split()[-1] for command in commands if "{item." in command.split()[-1]]
        if items and named:
            assert items == set(named), name
            seen.add(name)
    assert {"separate", "oracle", "train_variant", "score_variant"} <= seen


def test_the_first_seed_has_the_labels_of_the_pipelines_own_run(tmp_path):
    """Those of a run with another seed are refused: their noisy stems have other labels."""
    stage = yaml.safe_load((ROOT / "studies/dvc.yaml").read_text())["stages"]["take_over_labels"]
    seed = STUDIES["pipeline_seeds"][0]
    commands, outs = stage["cmd"], [out.replace("${pipeline_seeds[0]}", str(seed)) for out in stage["outs"]]
    names = [out.removeprefix(f"pipeline-seed{seed}/") for out in outs]
    for name in (*names, "data/arms/noisy.csv"):
        for path in (tmp_path / name, tmp_path / f"studies/pipeline-seed{seed}/data/arms/noisy.csv"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(path.name)

    def run() -> int:
        for command in commands:  # each in a shell of its own, as DVC has it
            command = ["sh", "-c", command.replace("${pipeline_seeds[0]}", str(seed))]
            if code := subprocess.run(command, cwd=tmp_path / "studies", capture_output=True).returncode:
                return code
        return 0

    copies = [tmp_path / "studies" / out for out in outs]
    (tmp_path / "data/arms/noisy.csv").write_text("of another seed")
    assert run() and not any(path.exists() for path in copies)
    (tmp_path / "data/arms/noisy.csv").write_text("noisy.csv")
    assert run() == 0 and [path.read_text() for path in copies] == [Path(name).name for name in names]
    (tmp_path / names[0]).unlink()
    copies[0].unlink()
    assert run()
