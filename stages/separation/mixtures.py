"""Training mixtures: one segment of every class, of which some may be a single multi-labelled segment.

Paper, section on training with multi-labelled data: with some probability a mixture includes one multi-labelled
segment, and the missing classes are filled from the pools of single-labelled segments; otherwise it is built in the
usual way, one single-labelled segment of each class.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.utils.data import Dataset

from stages.pipeline.errors import InputError
from stages.pipeline.params import Params, Training
from stages.pipeline.training import Batch, in_threads
from stages.stems import CLASSES
from stages.stems.segments import SEGMENT, read_segment

GAIN = (0.25, 1.25)  # Open-Unmix's augmentation: a factor on each stem, and its channels swapped half of the time
# Of the random numbers of each split: validation mixtures don't depend on the training seed, and none gives them.
STREAMS = {"train": 51, "valid": 52}
EVALUATION_BATCH = 4  # of validation mixtures: they don't depend on the training's batch either


class TrainingMixtures(Dataset):
    """Batches of random mixtures of an arm's segments; `mixtures[step]` depends on (seed, step) alone.

    A batch is
        mixture: (batch, 2, frames), exactly the sum of the targets;
        targets: (batch, 4, 2, frames). A multi-labelled segment is in the slot of its first class, and the slots of its
            other classes are zero;
        groups: (batch, 4, 4) of 0 and 1: row i says which classes are in the segment whose audio is in slot i. The
            row of an unused slot is zero, so each column holds exactly one 1;
        songs: of each mixture, those that it was drawn from.

    A segment that carries all four labels says nothing about any of them (its sum of estimates is the mixture
    itself), so it is never drawn. Silent segments carry no label and aren't drawn either.
    """

    def __init__(
        self, arm_name: str, arm: pd.DataFrame, root: Path, params: Params, settings: Training, split: str = "train"
    ) -> None:
        """Collect the segments of one split of an arm, whose paths are relative to `root`.

        Raises InputError where a class has no single-labelled segment.
        """
        rows = arm[arm["split"] == split]
        labels = rows[list(CLASSES)].to_numpy(int)
        counts = labels.sum(axis=1)
        segments = list(rows[SEGMENT].itertuples(index=False, name=None))
        self.single = {c: [segments[i] for i in np.flatnonzero((counts == 1) & (labels[:, k] == 1))]
                       for k, c in enumerate(CLASSES)}  # fmt: skip
        self.multi = [(segments[i], np.flatnonzero(labels[i])) for i in np.flatnonzero((counts > 1) & (counts < 4))]
        for name, pool in self.single.items():
            if not pool:
                threshold = f" at threshold {params.refinement.threshold:g}" if arm_name.startswith("psi_") else ""
                where = "" if split == "train" else f" ({split} split)"
                raise InputError(f"no single-labelled {name} segment in arm {arm_name}{threshold}{where}")
        self.root, self.seed = Path(root), [params.seed if split == "train" else 0, STREAMS[split]]
        self.probability = params.separation.multi_label_probability if self.multi else 0.0
        self.examples = range(settings.batch if split == "train" else EVALUATION_BATCH)

    def __getitem__(self, step: int) -> Batch:
        examples = in_threads(
            lambda example: self._example(np.random.default_rng([*self.seed, step, example])), self.examples
        )
        targets = torch.from_numpy(np.stack([targets for targets, _, _ in examples]))
        groups = torch.from_numpy(np.stack([groups for _, groups, _ in examples]))
        songs = [songs for _, _, songs in examples]
        return {"mixture": targets.sum(dim=1), "targets": targets, "groups": groups, "songs": songs}

    def _example(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Draw the targets (4, 2, frames), groups (4, 4) and songs, sorted, of one mixture."""
        members = []
        if rng.random() < self.probability:
            members.append(self.multi[rng.integers(len(self.multi))])
        taken = {int(k) for _, classes in members for k in classes}
        for k, name in enumerate(CLASSES):
            if k not in taken:
                members.append((self.single[name][rng.integers(len(self.single[name]))], np.array([k])))
        groups = np.zeros((len(CLASSES), len(CLASSES)), np.float32)
        slots = [None] * len(CLASSES)
        for (_, path, start, stop), classes in members:
            audio = read_segment(self.root, path, start, stop) * np.float32(rng.uniform(*GAIN))
            slots[classes[0]] = audio[::-1] if rng.random() < 0.5 else audio
            groups[classes[0], classes] = 1
        silence = np.zeros_like(audio)
        songs = sorted({song for (song, *_), _ in members})
        return np.stack([silence if slot is None else slot for slot in slots]), groups, songs
