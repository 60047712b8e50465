"""Training the classifier Ψ on random mixes of one arm (paper: Ψ_clean, Ψ_noisy, and from scratch Ψ_refined)."""

import sys
from pathlib import Path

import pandas as pd
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from stages.pipeline.errors import InputError
from stages.pipeline.params import Params
from stages.pipeline.training import Batch, Curves, Validate, fit
from stages.recognition.mixing import EVALUATION_BATCH, RandomMixes
from stages.recognition.model import InstrumentClassifier

VALIDATION_BATCHES = 6


def classifier_loss(model: torch.nn.Module, batch: Batch) -> torch.Tensor:
    """Binary cross-entropy over batch and classes (an assumption: the paper doesn't name its loss)."""
    return binary_cross_entropy_with_logits(model(batch["audio"]), batch["labels"])


def train_classifier(
    arm_name: str, arm: pd.DataFrame, root: Path, params: Params, name: str, fingerprint: str
) -> tuple[InstrumentClassifier, Curves]:
    """Train a classifier from scratch on the train rows of an arm.

    Args:
        root: of the stem set that the arm's paths are relative to.
        name, fingerprint: of the run, see stages.pipeline.training.fit.

    Raises InputError if a class has no segment to train on.
    """
    mixes = RandomMixes(arm, arm_name, root, params)
    torch.manual_seed(params.seed)
    model = InstrumentClassifier(params.classifier, params.stems.rate)
    curves = fit(
        model, classifier_loss, mixes, name=name, settings=params.classifier, compute=params.compute, seed=params.seed,
        fingerprint=fingerprint, validate=validation(model, arm_name, arm, root, params, name=name),
    )  # fmt: skip
    return model, curves


def validation(
    model: InstrumentClassifier, arm_name: str, arm: pd.DataFrame, root: Path, params: Params, name: str
) -> Validate | None:
    """A function that measures a model's loss on fixed mixes of the valid rows under the arm's own labels.

    That is all that someone without the truth could measure. None where those rows hold no segment of some class; a
    line says so, for the run `name`.

    Args:
        model: whose features are those of every model that will be measured.
    """
    try:
        mixes = RandomMixes(arm, arm_name, root, params, split="valid")
    except InputError as error:
        print(f"{name}: no validation loss: {error}", file=sys.stderr)
        return None
    with torch.inference_mode():
        batches = [mixes[step] for step in range(VALIDATION_BATCHES)]
        features = torch.cat([model.features(batch["audio"]) for batch in batches])
        targets = torch.cat([batch["labels"] for batch in batches])

    def validate(model: torch.nn.Module) -> float:
        network = model.network
        device = next(network.parameters()).device
        logits = torch.cat([network(part.to(device)).cpu() for part in features.split(EVALUATION_BATCH)])
        return binary_cross_entropy_with_logits(logits, targets).item()

    return validate
