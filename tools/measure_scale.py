"""What the paper profile's trainings cost on this machine: python tools/measure_scale.py --watts 700 [--device cuda]

Takes a few training steps of each network on noise and prints, as a table, examples per second, the largest memory (on
the CPU, of it and the networks before it), and from these the hours and energy of the whole replication: three
classifiers and five of each separator.
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from torch import nn
from torch.utils.data import Dataset

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, not as a module

from stages.pipeline.checkpoints import remove_checkpoints
from stages.pipeline.errors import errors_as_one_line
from stages.pipeline.params import Compute, Params, Training
from stages.pipeline.stage import check_device
from stages.pipeline.training import Batch, fit
from stages.recognition.model import InstrumentClassifier
from stages.recognition.training import classifier_loss
from stages.separation.networks import NETWORKS, network_settings
from stages.stems import CLASSES
from stages.stems.segments import ARMS
from stages.train_classifier import TRAINING_ARMS

CONF = Path(__file__).parent.parent / "conf"
WARM_UP = 2  # steps that are not timed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--watts", type=float, required=True, help="power of the device, for the energy")
    parser.add_argument("--batch", type=int, help="examples a step, where the profile's batch is too large to measure")
    parser.add_argument("--steps", type=int, default=5, help="steps that are timed")
    arguments = parser.parse_args()
    for name in ("watts", "batch", "steps"):
        if (value := getattr(arguments, name)) is not None and not value > 0:
            parser.error(f"--{name}: expected more than 0, got {value}")
    with initialize_config_dir(str(CONF), version_base=None):
        params = Params.model_validate(OmegaConf.to_container(compose("config", overrides=["profile=paper"])))
    compute = params.compute.model_copy(
        update={"device": arguments.device, "threads": torch.get_num_threads(), "workers": 0}
    )
    check_device(compute)
    print("| network | parameters | batch | s a step | examples/s | memory | hours a training | trainings | kWh |")
    print("| :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    total = 0.0
    for name, settings, model, loss, count in trainings(params):
        batch = arguments.batch or settings.batch
        short = settings.model_copy(update={"batch": batch, "steps": arguments.steps})
        if arguments.device == "cpu":  # where bfloat16 is slower than 32 bits
            short = short.model_copy(update={"precision": "32-true"})
        seconds = seconds_a_step(model, loss, SameBatch(name, batch, params), short, compute)
        hours = seconds / batch * settings.batch * settings.steps / 3600
        total += hours * count
        millions = sum(p.numel() for p in model.parameters()) / 1e6
        energy = hours * count * arguments.watts / 1000
        print(
            f"| {name} | {millions:.1f} M | {batch} | {seconds:.2f} | {batch / seconds:.2f} | "
            f"{memory(arguments.device):.1f} GiB | {hours:.0f} | {count} | {energy:.0f} |"
        )
        del model
    print(f"\nAll trainings: {total:.0f} hours, {total * arguments.watts / 1000:.0f} kWh at {arguments.watts:.0f} W.")


def trainings(params: Params):
    """Name, settings, fresh model, loss and number of trainings of each network."""
    classifier = InstrumentClassifier(params.classifier, params.stems.rate)
    yield "classifier", params.classifier, classifier, classifier_loss, len(TRAINING_ARMS)
    for name, network in NETWORKS.items():
        yield name, network_settings(name, params), network.build(params, None), network.loss, len(ARMS)


class SameBatch(Dataset):
    """Noise in the form of a network's batches, the same at every step."""

    def __init__(self, name: str, batch: int, params: Params) -> None:
        frames = round(params.segments.seconds * params.stems.rate)
        if name == "classifier":
            labels = torch.randint(2, (batch, len(CLASSES))).float()
            self.batch = {"audio": 0.1 * torch.randn(batch, 2, frames), "labels": labels, "songs": []}
        else:
            targets = 0.1 * torch.randn(batch, len(CLASSES), 2, frames)
            groups = torch.eye(len(CLASSES)).repeat(batch, 1, 1)
            self.batch = {"mixture": targets.sum(dim=1), "targets": targets, "groups": groups, "songs": []}

    def __getitem__(self, step: int) -> Batch:
        return self.batch


def seconds_a_step(model: nn.Module, loss: Callable, batches: SameBatch, settings: Training, compute: Compute) -> float:
    """Mean wall time of a step of the pipeline's own training loop, after a short training to warm up."""
    for steps in (WARM_UP, settings.steps):
        curves = fit(
            model, loss, batches, name="measure_scale", settings=settings.model_copy(update={"steps": steps}),
            compute=compute, seed=0, fingerprint=f"{time.time_ns()}",
        )  # fmt: skip
        remove_checkpoints("measure_scale")
    return curves.training_seconds / settings.steps


def memory(device: str) -> float:
    """The largest memory, GiB: of the GPU since the last call, or of this process since it began."""
    if device == "cuda":
        largest = torch.cuda.max_memory_allocated() / 2**30
        torch.cuda.reset_peak_memory_stats()
        return largest
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    with errors_as_one_line("measure_scale"):
        main()
