"""Training a separator on one arm."""

import sys
from pathlib import Path

import pandas as pd
import torch

from stages.pipeline.errors import InputError
from stages.pipeline.params import Params
from stages.pipeline.training import Curves, Validate, fit
from stages.separation.mixtures import TrainingMixtures
from stages.separation.networks import network_named, network_settings

VALIDATION_BATCHES = 4


def train_separator(
    network: str, arm_name: str, arm: pd.DataFrame, root: Path, params: Params, name: str, fingerprint: str
) -> tuple[torch.nn.Module, Curves]:
    """Train a separator from scratch on the train rows of an arm.

    Args:
        root: of the stem set that the arm's paths are relative to.
        name, fingerprint: of the run, see stages.pipeline.training.fit.

    Raises InputError for an unknown network, and if a class has no single-labelled segment to train on.
    """
    chosen, settings = network_named(network), network_settings(network, params)
    mixtures = TrainingMixtures(arm_name, arm, root, params, settings)
    torch.manual_seed(params.seed)
    model = chosen.build(params, mixtures)
    curves = fit(
        model, chosen.loss, mixtures, name=name, settings=settings, compute=params.compute, seed=params.seed,
        fingerprint=fingerprint, validate=validation(network, arm_name, arm, root, params, name=name),
    )  # fmt: skip
    return model, curves


def validation(
    network: str, arm_name: str, arm: pd.DataFrame, root: Path, params: Params, name: str
) -> Validate | None:
    """A function that measures a model's loss on fixed mixtures of the valid rows under the arm's own labels.

    That is all that someone without the truth could measure. None where those rows hold no single-labelled segment of
    some class; a line says so, for the run `name`.
    """
    from lightning.fabric.utilities import move_data_to_device

    chosen, settings = network_named(network), network_settings(network, params)
    try:
        mixtures = TrainingMixtures(arm_name, arm, root, params, settings, split="valid")
    except InputError as error:
        print(f"{name}: no validation loss: {error}", file=sys.stderr)
        return None
    batches = [mixtures[step] for step in range(VALIDATION_BATCHES)]

    def validate(model: torch.nn.Module) -> float:
        device = next(model.parameters()).device
        losses = [chosen.loss(model, move_data_to_device(batch, device)) for batch in batches]
        return torch.stack(losses).mean().item()

    return validate
