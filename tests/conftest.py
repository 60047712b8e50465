"""Tiny synthetic stem sets."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from stages.pipeline.params import Params, load_params
from stages.stems import CLASSES
from stages.stems.manifest import MIXTURE, Part, write_manifest, write_stem

ROOT = Path(__file__).parent.parent
RATE = 8000


@pytest.fixture(scope="session")
def params() -> Params:
    return load_params(ROOT / "params.yaml")


def snapshot(project: Path) -> dict[str, str]:
    """The digest of every file that stages write."""
    folders = ("data", "models", "metrics", "curves", "scores", "timing", "results")
    files = (file for folder in folders for file in (project / folder).rglob("*") if file.is_file())
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def tone(frequency: float, seconds: float = 2.0, gain: float = 0.1) -> np.ndarray:
    """A stereo sine of shape (2, frames)."""
    time = np.arange(round(seconds * RATE)) / RATE
    return np.tile((gain * np.sin(2 * np.pi * frequency * time)).astype(np.float32), (2, 1))


@pytest.fixture
def sources(tmp_path):
    """A noisy catalogue of three songs with five sources each, and its manifest rows."""
    root, files = tmp_path / "sources", []
    for number in range(3):
        song = f"song{number}"
        names = [("voice", "vocals"), ("bass", "bass"), ("kick", "drums"), ("snare", "drums"), ("piano", "other")]
        for index, (name, cls) in enumerate(names):
            audio = tone(100 * (index + 1) + number)
            files.append(write_stem(
                root, f"train/{song}/{name}.wav", audio, RATE, song=song, split="train", stem=cls,
                parts=(Part(name, cls),),
            ))  # fmt: skip
    write_manifest(root, files)
    return root, files


@pytest.fixture
def stem_set(tmp_path):
    """A MUSDB-like set of two songs, one class a tone of its own."""
    root, files = tmp_path / "clean", []
    for number in range(2):
        song, stems = f"song{number}", {c: tone(110.0 * 2**i + number) for i, c in enumerate(CLASSES)}
        for stem, audio in {MIXTURE: sum(stems.values()), **stems}.items():
            files.append(write_stem(
                root, f"train/{song}/{stem}.wav", audio, RATE, song=song, split="train", stem=stem,
                parts=tuple(Part(c, c) for c in CLASSES if stem in (MIXTURE, c)),
            ))  # fmt: skip
    write_manifest(root, files)
    return root, files
