"""Random mixes of labelled stems: what the classifier Ψ is trained, validated and tested on (paper, random mixing)."""

import functools
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.utils.data import Dataset

from stages.pipeline.errors import InputError
from stages.pipeline.params import Params
from stages.pipeline.training import Batch, in_threads
from stages.recognition.effects import apply_effects
from stages.stems import CLASSES
from stages.stems.segments import read_segment

# Of the random numbers of each split: those of validation and test mixes don't depend on the training seed, and no
# training seed gives them.
STREAMS = {"train": 10, "valid": 11, "test": 12}
EVALUATION_BATCH = 32  # of validation and test mixes: they don't depend on the training's batch either


class RandomMixes(Dataset):
    """Batches of random mixes; `mixes[step]` depends on (seed, step) alone.

    For each class, independently, with `keep_probability`, one segment whose labels contain that class is drawn. The
    segments are summed; the target is the union of their labels: a segment of a refined arm may bring several.
    Stems of training mixes have random effects, those of validation and test mixes none.
    """

    def __init__(self, arm: pd.DataFrame, name: str, root: Path, params: Params, split: str = "train"):
        """
        Args:
            arm: a row per segment (stages.stems.segments).
            name: of the arm, for errors.
            root: of the stem set, to which the arm's paths are relative.
            split: train, valid or test: which rows of the arm to draw from.

        Raises InputError if no segment is labelled with one of the classes.
        """
        rows = arm[arm["split"] == split]
        self.paths = rows["path"].tolist()
        self.songs = rows["song"].tolist()
        self.bounds = rows[["start", "stop"]].to_numpy(int)
        self.labels = rows[list(CLASSES)].to_numpy(np.float32)
        self.pools = [np.flatnonzero(column) for column in self.labels.T]
        for label, pool in zip(CLASSES, self.pools, strict=True):
            if not len(pool):
                raise InputError(f"no {label} segment in arm {name}: expected at least one of split {split}")
        self.frames = int(self.bounds[0, 1] - self.bounds[0, 0])
        self.root, self.settings, self.rate = Path(root), params.classifier, params.stems.rate
        self.effect_probability = params.classifier.effect_probability if split == "train" else 0.0
        self.examples = range(params.classifier.batch if split == "train" else EVALUATION_BATCH)
        self.seed = [params.seed if split == "train" else 0, STREAMS[split]]

    def __getitem__(self, step: int) -> Batch:
        """A step's batch: "audio" (batch, 2, frames), "labels" (batch, 4) of 0 and 1, both float32, and "songs"."""
        audio, labels, songs = zip(*in_threads(functools.partial(self._example, step), self.examples), strict=True)
        return {
            "audio": torch.from_numpy(np.stack(audio)),
            "labels": torch.from_numpy(np.stack(labels)),
            "songs": list(songs),
        }

    def _example(self, step: int, example: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Draw the audio (2, frames), labels (4,) and songs, sorted, of one mix; one of nothing has no songs."""
        rng = np.random.default_rng([*self.seed, step, example])
        mixture, target = np.zeros((2, self.frames), np.float32), np.zeros(len(CLASSES), np.float32)
        songs = set()
        for pool in self.pools:
            if rng.random() < self.settings.keep_probability:
                row = rng.choice(pool)
                segment = read_segment(self.root, self.paths[row], *self.bounds[row])
                mixture += apply_effects(segment, self.rate, self.effect_probability, rng)
                np.maximum(target, self.labels[row], out=target)
                songs.add(self.songs[row])
        return mixture, target, sorted(songs)
