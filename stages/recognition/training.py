"""Training the classifier Ψ on random mixes of one arm (paper: Ψ_clean, Ψ_noisy, and from scratch Ψ_refined)."""

from pathlib import Path

import pandas as pd
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from stages.pipeline.params import Params
from stages.pipeline.training import Curves, fit
from stages.recognition.mixing import EVALUATION_BATCH, RandomMixes
from stages.recognition.model import InstrumentClassifier

VALIDATION_BATCHES = 6


def classifier_loss(model: torch.nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Binary cross-entropy over batch and classes (an assumption: the paper doesn't name its loss)."""
    return binary_cross_entropy_with_logits(model(batch["audio"]), batch["labels"])


def train_classifier(
    arm_name: str, arm: pd.DataFrame, root: Path, params: Params, name: str, fingerprint: str
) -> tuple[InstrumentClassifier, Curves]:
    """Train a classifier from scratch on the train rows of an arm.

    Validation is the loss on fixed mixes of the valid rows under the arm's own labels: all that someone without the
    truth could measure.

    Args:
        root: of the stem set that the arm's paths are relative to.
        name, fingerprint: of the run, see stages.pipeline.training.fit.

    Raises InputError if a class has no segment in either split.
    """
    training = RandomMixes(arm, arm_name, root, params)
    validation = RandomMixes(arm, arm_name, root, params, split="valid")
    torch.manual_seed(params.seed)
    model = InstrumentClassifier(params.classifier, params.stems.rate)
    with torch.inference_mode():
        batches = [validation[step] for step in range(VALIDATION_BATCHES)]
        features = torch.cat([model.features(batch["audio"]) for batch in batches])
        targets = torch.cat([batch["labels"] for batch in batches])

    def validate(model: torch.nn.Module) -> float:
        network = model.network
        device = next(network.parameters()).device
        logits = torch.cat([network(part.to(device)).cpu() for part in features.split(EVALUATION_BATCH)])
        return binary_cross_entropy_with_logits(logits, targets).item()

    curves = fit(
        model, classifier_loss, training, name=name, settings=params.classifier, compute=params.compute,
        seed=params.seed, fingerprint=fingerprint, validate=validate,
    )  # fmt: skip
    return model, curves
