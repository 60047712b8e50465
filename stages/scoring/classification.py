"""How well a classifier hears instruments: Table 1, and precision and recall against the threshold (Figure 4)."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torchmetrics.functional.classification import (
    multilabel_accuracy,
    multilabel_f1_score,
    multilabel_precision,
    multilabel_precision_recall_curve,
    multilabel_recall,
)

from stages.pipeline.params import Params
from stages.recognition.mixing import RandomMixes
from stages.recognition.model import InstrumentClassifier
from stages.recognition.prediction import predict, predict_mixes
from stages.refinement.thresholds import GRID
from stages.stems import CLASSES
from stages.stems.segments import LABELS, PROBABILITIES, TRUTHS

METRICS = {
    "accuracy": multilabel_accuracy,
    "f1": multilabel_f1_score,
    "precision": multilabel_precision,
    "recall": multilabel_recall,
}


class Decisions(NamedTuple):
    """What a classifier said of inputs: probabilities and targets (inputs, 4), and the songs of each, joined by "/"."""

    probabilities: np.ndarray
    targets: np.ndarray
    songs: list[str]

    def table(self, inputs: str) -> pd.DataFrame:
        """A row for each input: inputs (single or multi), songs, the probability and the truth of each class."""
        return pd.DataFrame({
            "inputs": inputs,
            "songs": self.songs,
            **dict(zip(PROBABILITIES, self.probabilities.T, strict=True)),
            **dict(zip(TRUTHS, self.targets.T, strict=True)),
        })  # fmt: skip


def single_label_inputs(model: InstrumentClassifier, test: pd.DataFrame, root: Path, params: Params) -> Decisions:
    """Every segment of one stem that isn't silent.

    Args:
        test: a row per segment of the test stems with nominal labels, which are the truth there.
        root: of the test stem set.
    """
    audible = test[test[LABELS].any(axis=1)]
    return Decisions(predict(model, audible, root, params), audible[LABELS].to_numpy(int), audible["song"].tolist())


def multi_label_inputs(model: InstrumentClassifier, test: pd.DataFrame, root: Path, params: Params) -> Decisions:
    """Random mixes of test stems without effects, the same for everyone."""
    mixes = RandomMixes(test, "test", root, params, split="test")
    found, targets, songs = predict_mixes(model, mixes, params.scoring.mixes, params)
    return Decisions(found, targets.astype(int), ["/".join(drawn) for drawn in songs])


def scores(probabilities: np.ndarray, targets: np.ndarray, threshold: float) -> dict:
    """Accuracy, F1, precision and recall of probabilities (inputs, 4) against targets (inputs, 4) of 0 and 1.

    A class is predicted from `threshold` on. Nothing divided by nothing (precision without a prediction) is 0.

    Returns: "inputs": their number; each class, "avg" (mean over the classes) and "pooled" (over all decisions
    together): {"accuracy", "f1", "precision", "recall"}, all within 0..1.
    """
    predicted = torch.from_numpy(probabilities >= threshold).int()
    wanted = torch.tensor(targets).int()
    per_class = {k: metric(predicted, wanted, len(CLASSES), average="none").tolist() for k, metric in METRICS.items()}
    pooled = {k: metric(predicted, wanted, len(CLASSES), average="micro").item() for k, metric in METRICS.items()}
    return {
        "inputs": len(probabilities),
        **{c: {k: values[i] for k, values in per_class.items()} for i, c in enumerate(CLASSES)},
        "avg": {k: float(np.mean(values)) for k, values in per_class.items()},
        "pooled": pooled,
    }


def threshold_curve(probabilities: np.ndarray, targets: np.ndarray) -> pd.DataFrame:
    """Precision and recall of each class at thresholds 0.01 to 0.99: columns class,threshold,precision,recall.

    A precision without a prediction, or a recall without anything to find, is NaN: there the curve ends.
    """
    precision, recall, _ = multilabel_precision_recall_curve(
        torch.from_numpy(probabilities), torch.tensor(targets).int(), len(CLASSES), torch.from_numpy(GRID)
    )
    curves = [  # the last point of each curve, at threshold 1, is torchmetrics' own addition
        pd.DataFrame({"class": c, "threshold": GRID, "precision": p[:-1], "recall": r[:-1]})
        for c, p, r in zip(CLASSES, precision.numpy(), recall.numpy(), strict=True)
    ]
    return pd.concat(curves, ignore_index=True)
