"""Tiny synthetic stem sets."""

import hashlib
import os
import runpy
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from dataset_trees import TREES

from stages.pipeline.params import Params, load_params
from stages.stems import CLASSES
from stages.stems.manifest import MIXTURE, Part, StemFile, write_manifest, write_stem

ROOT = Path(__file__).parent.parent
os.environ["PYTHONPATH"] = str(ROOT)  # what tests start runs this copy of the code, too, whichever one is installed
RATE = 8000
SMALL = {
    "stems": {"rate": RATE, "song_seconds": [4, 5]},
    "segments": {"seconds": 1.0},
    "classifier": {"model": "test_convnext", "mel_bands": 32, "fft": 256, "hop": 64, "batch": 4, "steps": 2},
    "refinement": {"threshold": 0.45},  # another than that of scoring, so that none is taken for the other
    "scoring": {"mixes": 8},
    "compute": {"threads": 1, "workers": 0},
}
SOURCES = {"voice": "vocals", "bass": "bass", "kick": "drums", "snare": "drums", "piano": "other"}
STEMS = {MIXTURE: MIXTURE} | dict(zip(CLASSES, CLASSES, strict=True))
SMALL_XUMX = {"hidden": 16, "fft": 512, "hop": 256, "bandwidth": 4000, "batch": 2, "steps": 2}
SMALL_HDEMUCS = {"channels": 4, "batch": 2, "steps": 2}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The file that takes longest first, so that two processes end at about the same time."""
    items.sort(key=lambda item: item.path.name != "test_pipeline.py")


@pytest.fixture(scope="session")
def params() -> Params:
    return load_params(ROOT / "params.yaml")


@pytest.fixture(scope="session")
def trees(tmp_path_factory) -> dict[str, Path]:
    """A small tree of every recorded data set, by its name."""
    root = tmp_path_factory.mktemp("data sets")
    for name, make in TREES.items():
        make(root / name)
    return {name: root / name for name in TREES}


@pytest.fixture
def copy(trees, tmp_path):
    """A copy of a tree that a test may damage."""

    def make(name: str) -> Path:
        shutil.copytree(trees[name], tmp_path / name)
        return tmp_path / name

    return make


def snapshot(project: Path) -> dict[str, str]:
    """The digest of every file that stages write."""
    folders = ("data", "models", "metrics", "curves", "scores", "timing", "results")
    files = (file for folder in folders for file in (project / folder).rglob("*") if file.is_file())
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def tone(frequency: float, seconds: float = 2.0, gain: float = 0.1) -> np.ndarray:
    """A stereo sine of shape (2, frames)."""
    time = np.arange(round(seconds * RATE)) / RATE
    return np.tile((gain * np.sin(2 * np.pi * frequency * time)).astype(np.float32), (2, 1))


def write_stem_set(root: Path, splits: list[str], stems: dict[str, str]) -> list[StemFile]:
    """A stem set whose files are tones and, where asked for, their mixture; `stems` are file names and classes."""
    files = []
    for number, split in enumerate(splits):
        folder = f"{'test' if split == 'test' else 'train'}/song{number}"
        parts = {name: Part(name, c) for name, c in stems.items() if c != MIXTURE}
        tones = {name: tone(100.0 * (index + 1) + number) for index, name in enumerate(parts)}
        for name, c in stems.items():
            inside = parts.values() if c == MIXTURE else [parts[name]]
            audio = sum(tones[part.name] for part in inside)
            files.append(write_stem(
                root, f"{folder}/{name}.wav", audio, RATE, song=f"song{number}", split=split, stem=c,
                parts=tuple(inside),
            ))  # fmt: skip
    write_manifest(root, files)
    return files


@pytest.fixture
def sources(tmp_path):
    """A noisy catalogue of three songs with five sources each, and its manifest rows."""
    return tmp_path / "sources", write_stem_set(tmp_path / "sources", ["train"] * 3, SOURCES)


@pytest.fixture
def stem_set(tmp_path):
    """A MUSDB-like set of two songs, one class a tone of its own."""
    return tmp_path / "clean", write_stem_set(tmp_path / "clean", ["train"] * 2, STEMS)


def run_stage_here(stage: str, *items: str) -> None:
    """Run a stage in this process; SystemExit carries its error."""
    before, sys.argv = sys.argv, [f"stages.{stage}", *items]
    sys.modules.pop(f"stages.{stage}", None)
    try:
        runpy.run_module(f"stages.{stage}", run_name="__main__")
    finally:
        sys.argv = before


@pytest.fixture
def tool(monkeypatch):
    """Run a tool as a script; SystemExit carries its error."""

    def run(name: str, *arguments: str) -> None:
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments])
        runpy.run_path(str(ROOT / f"tools/{name}.py"), run_name="__main__")

    return run


@pytest.fixture(scope="session")
def whole(tmp_path_factory) -> Path:
    """A project on which every stage works."""
    from stages.pipeline.checkpoints import write_weights
    from stages.recognition.model import InstrumentClassifier
    from stages.separation.networks import NETWORKS

    root = tmp_path_factory.mktemp("project")
    before = Path.cwd()
    os.chdir(root)
    try:
        Path(".dvc").mkdir()
        content = yaml.safe_load((ROOT / "params.yaml").read_text())
        for section, values in SMALL.items():
            content[section] |= values
        content["separation"]["xumx"] |= SMALL_XUMX
        content["separation"]["hdemucs"] |= SMALL_HDEMUCS
        content["corruption"]["flip_rate"] = dict.fromkeys(CLASSES, 0.0)
        Path("params.yaml").write_text(yaml.safe_dump(content))
        write_stem_set(Path("data/stems/clean"), ["train", "valid"], STEMS)
        write_stem_set(Path("data/stems/test"), ["test", "test"], STEMS)
        write_stem_set(Path("data/stems/noisy_sources"), ["train", "train", "valid"], SOURCES)
        run_stage_here("corrupt_stems")
        for arm in ("clean", "noisy"):
            run_stage_here("label_segments", arm)
        params = load_params()
        write_weights(InstrumentClassifier(params.classifier, RATE), Path("models/classifier/clean.safetensors"))
        write_weights(NETWORKS["xumx"].build(params, None), Path("models/separator/xumx-clean.safetensors"))
        run_stage_here("predict_segments", "psi_clean")
        run_stage_here("refine_labels", "psi_clean")
    finally:
        os.chdir(before)
    return root


@pytest.fixture
def project(whole, tmp_path, monkeypatch) -> Path:
    """A copy of the project, the working folder."""
    target = tmp_path / "project"
    shutil.copytree(whole, target, symlinks=True)
    monkeypatch.chdir(target)
    return target
