"""Refine a stem set of many segments and print what it took: python tools/refine_at_scale.py [segments]

The set is one small file that 100,000 segments (or as many as asked for) read again and again, in a temporary folder;
the classifier is the default profile's, with random weights. Its pass over the segments and the threshold run as the
pipeline's own stages, each in a process of its own, whose largest resident set is printed.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, not as a module

from stages.pipeline.checkpoints import write_weights
from stages.pipeline.errors import InputError, errors_as_one_line
from stages.pipeline.params import load_params
from stages.recognition.model import InstrumentClassifier
from stages.stems import CLASSES
from stages.stems.audio import write_audio
from stages.stems.segments import ARM_COLUMNS, write_arm

ROOT = Path(__file__).parent.parent
SEGMENTS_A_FILE = 100


def write_project(root: Path, segments: int) -> None:
    """A repository with the arm "noisy" of `segments` rows, its stems and Ψ_clean."""
    (root / ".dvc").mkdir()
    shutil.copy(ROOT / "params.yaml", root)
    params = load_params(root / "params.yaml")
    frames = round(params.segments.seconds * params.stems.rate)
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (2, SEGMENTS_A_FILE * frames)).astype(np.float32)
    stems = root / "data/stems/noisy"
    write_audio(stems / "stem.wav", noise, params.stems.rate)
    rows = []
    for number in range(segments):
        file, index = divmod(number, SEGMENTS_A_FILE)
        path = f"train/song{file}/vocals.wav"
        if index == 0:
            (stems / path).parent.mkdir(parents=True)
            (stems / path).hardlink_to(stems / "stem.wav")
        labels = [1, 0, 0, 0]
        bounds = [index * frames, (index + 1) * frames]
        rows.append([f"song{file}", "train", "vocals", path, *bounds, -15.0, *labels, *labels, *[None] * len(CLASSES)])
    write_arm(pd.DataFrame(rows, columns=ARM_COLUMNS), root / "data/arms/noisy.csv")
    model = InstrumentClassifier(params.classifier, params.stems.rate)
    write_weights(model, root / "models/classifier/clean.safetensors")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("segments", type=int, nargs="?", default=100_000)
    segments = parser.parse_args().segments
    if segments < 1:
        parser.error(f"segments: expected at least 1, got {segments}")
    with tempfile.TemporaryDirectory() as folder:
        write_project(Path(folder), segments)
        for stage in ("predict_segments", "refine_labels"):
            started = time.monotonic()
            command, environment = [sys.executable, "-m", f"stages.{stage}", "psi_clean"], {"PYTHONPATH": str(ROOT)}
            if subprocess.run(command, cwd=folder, env=os.environ | environment).returncode:
                raise InputError(f"{stage} failed")  # and has said why
            seconds = time.monotonic() - started
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20  # the largest of all so far
            print(f"{stage}: {segments} segments in {seconds:.0f} s, peak resident set so far {peak:.2f} GiB")


if __name__ == "__main__":
    with errors_as_one_line("refine_at_scale"):
        main()
