"""One training loop for every network: seeded by step, resumable to the byte, stopped by the first NaN."""

import hashlib
import io
import math
import pickle
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from stages.pipeline.errors import InputError
from stages.pipeline.files import atomic_file
from stages.pipeline.params import Compute, Training

WARM_UP = 0.05  # share of the steps in which the learning rate rises to its peak
CHECKPOINT_SECONDS = 30.0
CURVE_POINTS = 50

Batch = dict[str, torch.Tensor | list[str]]  # tensors, and under "songs" where they come from


@dataclass
class Curves:
    """What training saw: (step, mean loss since the point before, validation or None) and its wall time."""

    points: list[tuple[int, float, float | None]] = field(default_factory=list)
    training_seconds: float = 0.0

    def summary(self) -> dict[str, float | int | None]:
        step, loss, validation = self.points[-1]
        return {"steps": step, "loss": loss, "validation": validation}


def learning_rate_factor(step: int, steps: int) -> float:
    """Linear warm-up, then a half cosine to zero; the factor of the peak learning rate at `step` of `steps`."""
    warm_up = max(1, round(WARM_UP * steps))
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))


def fit(
    model: torch.nn.Module,
    loss: Callable[[torch.nn.Module, Batch], torch.Tensor],
    batches: Dataset,
    *,
    name: str,
    settings: Training,
    clip: float,
    compute: Compute,
    seed: int,
    fingerprint: str,
    validate: Callable[[torch.nn.Module], float] | None = None,
) -> Curves:
    """Train `model` in place with AdamW for `settings.steps` steps; leaves it in evaluation mode on the CPU.

    Args:
        loss: maps (model, batch) to a scalar.
        batches: `batches[step]` is the `Batch` of a step and depends on (seed, step) alone.
        name: of the run, e.g. "xumx/psi_refined/seed0"; also where its checkpoints are.
        clip: the largest gradient norm.
        fingerprint: of everything that the result depends on; a checkpoint with another one is not used.
        validate: measured ten times in a training, and at its end.

    Raises InputError with the songs of the batch at the first loss or gradient that is not finite; the last checkpoint
    stays.
    """
    from lightning.fabric import Fabric

    fabric = Fabric(accelerator=compute.device, devices=1)
    torch.set_num_threads(compute.threads)
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    model, optimizer = fabric.setup(model, optimizer)
    checkpoint = Checkpoint(name, fingerprint)
    curves = Curves()
    first = checkpoint.load(model, optimizer, curves)
    loader = DataLoader(
        batches, batch_size=None, sampler=range(first, settings.steps), num_workers=compute.workers,
        multiprocessing_context="fork" if compute.workers else None, prefetch_factor=4 if compute.workers else None,
    )  # fmt: skip
    every = max(1, settings.steps // CURVE_POINTS)
    validate_every = every * max(1, CURVE_POINTS // 10)
    since, saved = [], time.monotonic()
    progress = tqdm(
        _one_line_errors(loader), initial=first, total=settings.steps, desc=name, unit="step", mininterval=5
    )
    for step, batch in enumerate(progress, start=first):
        started = time.monotonic()
        torch.manual_seed(seed * 1_000_003 + step)  # dropout, too, depends on (seed, step) alone
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * learning_rate_factor(step, settings.steps)
        value = loss(model, to_device(batch, fabric.device))
        optimizer.zero_grad()
        fabric.backward(value)
        norm = fabric.clip_gradients(model, optimizer, max_norm=clip, error_if_nonfinite=False)
        if not (torch.isfinite(value) and torch.isfinite(norm)):
            raise InputError(
                f"{name}: step {step}: expected a finite loss and gradient, got {value:g} and {norm:g} "
                f"from the songs {', '.join(batch['songs'])}"
            )
        optimizer.step()
        since.append(value.item())
        curves.training_seconds += time.monotonic() - started
        done, last = step + 1, step + 1 == settings.steps
        if done % every == 0 or last:
            validation = None
            if validate and (done % validate_every == 0 or last):
                model.eval()
                with torch.no_grad():
                    validation = validate(model)
                model.train()
            curves.points.append((done, sum(since) / len(since), validation))
            since.clear()
            progress.set_postfix(loss=f"{curves.points[-1][1]:.4g}", refresh=False)
        if not last and not since and time.monotonic() - saved > CHECKPOINT_SECONDS:
            checkpoint.save(model, optimizer, curves, done)
            saved = time.monotonic()
    model.eval().cpu()
    return curves


def _one_line_errors(loader: DataLoader) -> Iterator[Batch]:
    """The loader's batches; a worker's InputError comes with its traceback, of which only the last line goes on."""
    try:
        yield from loader
    except InputError as error:
        raise InputError(str(error).strip().rpartition("InputError: ")[2]) from error


def to_device(batch: Batch, device: torch.device) -> Batch:
    """A batch with its tensors on a device."""
    return {key: part.to(device) if isinstance(part, torch.Tensor) else part for key, part in batch.items()}


def checkpoint_paths(name: str) -> tuple[Path, Path]:
    """Where the last checkpoint of a run is, and the one before it."""
    stem = name.replace("/", "-")
    return Path("checkpoints") / f"{stem}.pt", Path("checkpoints") / f"{stem}.previous.pt"


def remove_checkpoints(name: str) -> None:
    """Forget a run's checkpoints, once its stage has written the final weights."""
    for path in checkpoint_paths(name):
        path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Checkpoint:
    """A training's state on disk, beside the DVC outputs: the last one, and the one before in case it is damaged.

    A file is the SHA-256 of what follows, then torch's format; written to a temporary name, synced, then renamed.
    """

    name: str
    fingerprint: str

    def save(self, model: torch.nn.Module, optimizer: torch.optim.Optimizer, curves: Curves, step: int) -> None:
        """Write the state after `step` steps."""
        state = {
            "fingerprint": self.fingerprint,
            "step": step,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "points": curves.points,
            "training_seconds": curves.training_seconds,
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
        last, previous = checkpoint_paths(self.name)
        with atomic_file(last) as temporary:
            temporary.write_bytes(hashlib.sha256(buffer.getvalue()).digest() + buffer.getvalue())
            if last.exists():
                last.replace(previous)

    def load(self, model: torch.nn.Module, optimizer: torch.optim.Optimizer, curves: Curves) -> int:
        """Restore the last undamaged state of this very training; returns the step to go on from."""
        for path in checkpoint_paths(self.name):
            state = self._read(path)
            if state and state["fingerprint"] == self.fingerprint:
                model.load_state_dict(state["model"])
                optimizer.load_state_dict(state["optimizer"])
                curves.points = [tuple(point) for point in state["points"]]
                curves.training_seconds = state["training_seconds"]
                return state["step"]
        return 0

    @staticmethod
    def _read(path: Path) -> dict | None:
        """The state in a file; None if there is none, and None with a line on stderr if it is damaged."""
        if not path.exists():
            return None
        content = path.read_bytes()
        digest, body = content[:32], content[32:]
        try:
            if hashlib.sha256(body).digest() == digest:
                return torch.load(io.BytesIO(body), weights_only=True, map_location="cpu")
        except (pickle.UnpicklingError, RuntimeError):  # not tensors and numbers alone
            pass
        print(f"{path}: damaged, going on without it", file=sys.stderr)
        return None


def write_weights(model: torch.nn.Module, path: Path) -> None:
    """Write a model's weights as safetensors: data only, nothing that can run."""
    from safetensors.torch import save

    with atomic_file(path) as temporary:
        temporary.write_bytes(save({key: value.contiguous() for key, value in model.state_dict().items()}))


def read_weights(model: torch.nn.Module, path: Path) -> torch.nn.Module:
    """Load weights into `model`, all of them or an InputError that names the file; returns it in evaluation mode."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        model.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path}: expected the weights of a {type(model).__name__}: {reason}") from error
    return model.eval()


def write_curves(curves: Curves, path: Path) -> None:
    """Write step,loss,validation as CSV; validation is empty where it was not measured."""
    lines = [f"{s},{loss:.6g},{'' if v is None else format(v, '.6g')}" for s, loss, v in curves.points]
    with atomic_file(path) as temporary:
        temporary.write_text("\n".join(["step,loss,validation", *lines]) + "\n")
