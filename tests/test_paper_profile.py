"""The paper profile's networks build at 44.1 kHz and take a training step, on whatever this machine has."""

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from stages.pipeline.params import Params
from stages.recognition.training import train_classifier
from stages.separation.training import train_separator
from stages.stems import CLASSES
from stages.stems.audio import write_audio
from stages.stems.segments import ARM_COLUMNS


@pytest.fixture
def paper() -> Params:
    """The paper profile, for one step of the smallest batch on the CPU."""
    short = [f"{key}={value}" for section in ("classifier", "separation.xumx", "separation.hdemucs")
             for key, value in ((f"{section}.steps", 1), (f"{section}.batch", 1))]  # fmt: skip
    machine = ["compute.device=cpu", "compute.workers=0"]
    with initialize_config_dir(str(ROOT / "conf"), version_base=None):
        content = OmegaConf.to_container(compose("config", overrides=["profile=paper", *short, *machine]))
    return Params.model_validate(content)


@pytest.fixture
def arm(paper, tmp_path, monkeypatch):
    """One segment of noise for each class and split."""
    monkeypatch.chdir(tmp_path)
    frames, rng, rows = round(paper.segments.seconds * paper.stems.rate), np.random.default_rng(0), []
    for split in ("train", "valid"):
        for index, c in enumerate(CLASSES):
            path = f"{split}/song/{c}.wav"
            write_audio(tmp_path / path, 0.1 * rng.uniform(-1, 1, (2, frames)).astype(np.float32), paper.stems.rate)
            labels = np.eye(4, dtype=int)[index].tolist()
            rows.append(["song", split, c, path, 0, frames, -20.0, *labels, *labels, *labels])
    return pd.DataFrame(rows, columns=ARM_COLUMNS)


def test_the_classifier_steps(paper, arm, tmp_path):
    paper = paper.model_copy(update={"classifier": paper.classifier.model_copy(update={"keep_probability": 1.0})})
    model, curves = train_classifier("clean", arm, tmp_path, paper, "classifier/clean/seed0", "f")
    assert sum(p.numel() for p in model.network.parameters()) > 27e6  # ConvNeXt-T has 28 million
    assert np.isfinite(curves.summary()["loss"])


@pytest.mark.parametrize(("network", "millions"), [("xumx", 35), ("hdemucs", 80)])
def test_the_separators_step(paper, arm, tmp_path, network, millions):
    model, curves = train_separator(network, "clean", arm, tmp_path, paper, f"{network}/clean/seed0", "f")
    assert sum(p.numel() for p in model.parameters()) > millions * 1e6
    assert np.isfinite(curves.summary()["loss"])
