"""What a trained classifier hears: the probability of each class in segments and in mixes."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from stages.pipeline.params import Params
from stages.recognition.mixing import EVALUATION_BATCH, RandomMixes
from stages.recognition.model import InstrumentClassifier
from stages.stems import CLASSES
from stages.stems.segments import read_segment


@torch.inference_mode()
def probabilities(model: InstrumentClassifier, audio: torch.Tensor) -> np.ndarray:
    """The probability of each class in audio (batch, 2, frames): (batch, 4), above 0 and at most 1."""
    device = next(model.parameters()).device
    result = model(audio.to(device)).double().sigmoid()
    return result.cpu().numpy()


def predict(model: InstrumentClassifier, arm: pd.DataFrame, root: Path, params: Params) -> np.ndarray:
    """The probability of each class in every segment of an arm, in constant memory.

    A silent segment (below `segments.silence_db`) gets 0 for all classes and is not run; no other gets a 0.

    Returns: float64 of shape (rows, 4).
    """
    model = model.to(params.compute.device).eval()
    result = np.zeros((len(arm), len(CLASSES)))
    audible = np.flatnonzero(arm["level_db"].to_numpy() >= params.segments.silence_db)
    rows = list(zip(arm["path"], arm["start"], arm["stop"], strict=True))
    for first in tqdm(range(0, len(audible), EVALUATION_BATCH), desc="segments", unit="batch", mininterval=5):
        chosen = audible[first : first + EVALUATION_BATCH]
        audio = np.stack([read_segment(root, *rows[row]) for row in chosen])
        result[chosen] = probabilities(model, torch.from_numpy(audio))
    return result


def predict_mixes(
    model: InstrumentClassifier, mixes: RandomMixes, count: int, params: Params
) -> tuple[np.ndarray, np.ndarray, list[list[str]]]:
    """The probabilities and the targets, both (count, 4), and the songs of each of the first `count` random mixes."""
    model = model.to(params.compute.device).eval()
    found, targets, songs = [], [], []
    for step in tqdm(range(-(-count // len(mixes.examples))), desc="mixes", unit="batch", mininterval=5):
        batch = mixes[step]
        found.append(probabilities(model, batch["audio"]))
        targets.append(batch["labels"].numpy())
        songs += batch["songs"]
    return np.concatenate(found)[:count], np.concatenate(targets)[:count], songs[:count]
