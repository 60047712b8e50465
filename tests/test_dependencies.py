"""What a stage runs, its DVC stage depends on: a change of code never leaves an old result behind."""

import ast
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
# Read, write, check and log; what they change fails or is the same.
PLUMBING = {f"stages/pipeline/{name}.py" for name in ("__init__", "errors", "files", "params", "stage", "tracking")}
TRAINING = {f"stages/pipeline/{name}.py" for name in ("training", "checkpoints", "publishing")}
TRAINS = re.compile(r"train_|refine_again|fine_tune")
RUN = re.compile(r"\bpython (?:-m stages\.(\w+)|(analysis/\w+\.py))")


def imported(file: Path) -> set[Path]:
    """The files of this repository that one imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            if "importlib.import_module" in names:  # of its own package, by name
                found |= set(file.parent.glob("*.py"))
        for name in names:
            path = ROOT / name.replace(".", "/")
            found |= {each for each in (path.with_suffix(".py"), path / "__init__.py") if each.is_file()}
    return found


def closure(own: Path) -> set[str]:
    """The files that a stage's file runs: its own imports and theirs, but for what other stages' modules import."""
    seen, todo = set(), [own]
    while todo:
        file = todo.pop()
        if file not in seen:
            seen.add(file)
            if file == own or file.parent != ROOT / "stages":
                todo += imported(file)
    return {path.relative_to(ROOT).as_posix() for path in seen}


def with_called(files: list[str]) -> set[str]:
    """Stages' files, and those of the stages whose work they import to do it themselves."""
    called = re.compile(r"^from stages\.(\w+) import (?:main|train)\b", re.MULTILINE)
    return {*files, *(f"stages/{name}.py" for each in files for name in called.findall((ROOT / each).read_text()))}


def stages(file: str) -> list[tuple[str, list[str], list[str]]]:
    """Name, files that it runs, and dependencies of every stage of a DVC file."""
    found = []
    for name, stage in yaml.safe_load((ROOT / file).read_text())["stages"].items():
        stage = stage.get("do", stage)
        commands = stage["cmd"] if isinstance(stage["cmd"], list) else [stage["cmd"]]
        run = [script or f"stages/{module}.py" for module, script in RUN.findall("\n".join(commands))]
        assert not any(path.startswith("../stages") for path in stage["deps"]), name  # the link has the .dvcignore
        found.append((f"{file}:{name}", run, [path.removeprefix("../") for path in stage["deps"]]))
    return found


EVERY = [*stages("dvc.yaml"), *stages("studies/dvc.yaml"), *stages("studies/own/dvc.yaml")]


@pytest.mark.parametrize(("name", "files", "dependencies"), [each for each in EVERY if each[1]])
def test_a_stage_depends_on_what_it_runs(name, files, dependencies):
    files = with_called(files)
    needed = set().union(*(closure(ROOT / file) for file in files)) - PLUMBING
    needed = {path for path in needed if Path(path).parent != Path("stages") or path in files}
    needed -= {"stages/__init__.py", "stages/stems/__init__.py"}  # names and the four classes
    if not any(TRAINS.match(Path(file).name) for file in files):
        needed -= TRAINING
    assert needed
    assert not {path for path in needed if not any(Path(path).is_relative_to(each) for each in dependencies)}


def test_a_single_stage_runs_no_code_of_ours():
    assert [name for name, files, _ in EVERY if not files] == ["studies/dvc.yaml:take_over_labels"]


@pytest.mark.parametrize("file", ["dvc.yaml", "studies/dvc.yaml"])
def test_what_hears_the_noisy_segments_depends_on_their_table(file):
    hears = [each for each in stages(file) if "stages/predict_segments.py" in each[1]]
    assert hears
    assert not [name for name, _, depends in hears if not any(each.endswith("data/arms/noisy.csv") for each in depends)]


def test_own_labels_are_trained_with_and_scored_with_the_pipelines_parameters():
    pipeline, own = (
        yaml.safe_load((ROOT / file).read_text())["stages"] for file in ("dvc.yaml", "studies/own/dvc.yaml")
    )
    for stage in ("train", "score"):
        [by_file] = own[f"{stage}_own"]["params"]
        [theirs] = by_file.values()
        assert sorted(theirs) == sorted(pipeline[f"{stage}_separator"]["do"]["params"])


def test_a_study_runs_the_code_beside_it_whichever_is_installed():
    """In a workspace by PYTHONPATH, in the repository's root because Python looks there first."""
    files = (ROOT / "studies/dvc.yaml", ROOT / "studies/own/dvc.yaml")
    commands = [each for file in files for each in re.findall(r"cd (\S+) && (.*)", file.read_text())]
    assert commands
    for folder, command in commands:
        path = "" if folder == ".." else "PYTHONPATH=../.. "
        assert command.startswith(f"{path}python -m stages."), command


def test_the_code_that_studies_depend_on_is_the_pipelines():
    assert (ROOT / "studies/stages").resolve() == ROOT / "stages"
    assert (ROOT / "studies/.dvcignore").read_text() == (ROOT / ".dvcignore").read_text()


def test_nothing_is_labelled_before_the_leak_guard():
    guarded = [stage for stage in EVERY if "stages/label_segments.py" in stage[1]]
    assert [name for name, _, _ in guarded] == [
        "dvc.yaml:label_segments", "studies/dvc.yaml:corrupt", "studies/dvc.yaml:corrupt_pipeline",
        "studies/dvc.yaml:corrupt_uncorrupted", "studies/own/dvc.yaml:corrupt_own",
    ]  # fmt: skip
    assert "metrics/check_leaks/${key}.json" in guarded[0][2]
    for name, _, dependencies in guarded[1:]:
        catalogues = ("noisy",) if name.endswith("own") else ("clean", "noisy")  # the arm clean is not labelled there
        assert {f"metrics/check_leaks/{catalogue}.json" for catalogue in catalogues} <= set(dependencies)
