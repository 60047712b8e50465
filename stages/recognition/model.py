"""The classifier Ψ: a ConvNeXt on log-mel spectrograms, which says for each class whether it is in the audio."""

from pathlib import Path

import torch

from stages.pipeline.checkpoints import read_weights
from stages.pipeline.errors import InputError
from stages.pipeline.params import Classifier, Params
from stages.recognition.features import LogMel
from stages.stems import CLASSES

LAYER_SCALE = 0.1  # of a block's branch at the start; ConvNeXt's 1e-6 is meant for far longer trainings


class InstrumentClassifier(torch.nn.Module):
    """Multi-label classifier of audio of any length.

    The paper uses ConvNeXt-T; this is the network of that family that `settings.model` names, from scratch (whether
    the paper's was pretrained is not known), with both channels as its input image.
    """

    def __init__(self, settings: Classifier, rate: int):
        """Weights come from torch's random state. Raises InputError for an unknown model."""
        import timm  # takes seconds

        super().__init__()
        if "convnext" not in settings.model or not timm.is_model(settings.model):
            raise InputError(f"classifier.model: expected a ConvNeXt of timm, as convnext_tiny, got {settings.model!r}")
        self.features = LogMel(rate, settings.fft, settings.hop, settings.mel_bands)
        self.network = timm.create_model(
            settings.model, pretrained=False, in_chans=2, num_classes=len(CLASSES), ls_init_value=LAYER_SCALE
        ).to(memory_format=torch.channels_last)

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        """Map audio (batch, 2, frames) to logits (batch, 4) in the order of CLASSES."""
        return self.network(self.features(audio).contiguous(memory_format=torch.channels_last))


def load_classifier(path: Path, params: Params) -> InstrumentClassifier:
    """A trained classifier in evaluation mode. Raises InputError if the file isn't one of these parameters."""
    return read_weights(InstrumentClassifier(params.classifier, params.stems.rate), path)
