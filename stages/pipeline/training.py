"""One training loop for every network: seeded by step, stopped by the first NaN, resumable (on the CPU to the byte)."""

import copy
import ctypes
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

import torch
from threadpoolctl import threadpool_limits
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader
from tqdm import tqdm

from stages.pipeline.checkpoints import load_checkpoint, save_checkpoint
from stages.pipeline.errors import InputError
from stages.pipeline.params import Compute, Training

if TYPE_CHECKING:
    from lightning.fabric import Fabric

WARM_UP = 0.05  # share of the steps in which the learning rate rises to its peak
CHECKPOINT_SECONDS = 30.0  # from one checkpoint to the next, but more where writing one takes long:
CHECKPOINT_SHARE = 0.02  # of the time, at most, goes into writing them
CURVE_POINTS = 50
RANKS_APART = 2**25  # so that processes that share a batch drop out other units; the CPU's generator takes 32 bits
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4  # of glibc's mallopt

Batch = dict[str, torch.Tensor | list[list[str]]]  # tensors, and under "songs" where each example comes from
Validate = Callable[[torch.nn.Module], float]
Example = TypeVar("Example")


class Batches(Protocol):
    """A training's data: `batches[step]` is the `Batch` of a step and depends on (seed, step) alone."""

    examples: range  # of each batch, those that this process makes; all of them, or its share in distributed training

    def __getitem__(self, step: int) -> Batch: ...


def in_threads(make: Callable[[int], Example], examples: range) -> list[Example]:
    """The examples of a batch, made in as many threads as torch computes with: audio is read without Python's lock."""
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        return list(pool.map(make, examples))


class Point(NamedTuple):
    """What training saw by a step, since the point before."""

    step: int
    loss: float  # mean
    gradient: float  # largest norm, before it was clipped
    validation: float | None


@dataclass
class Curves:
    """What training saw, and how long it took."""

    points: list[Point] = field(default_factory=list)
    training_seconds: float = 0.0  # in steps, in all processes
    earlier_seconds: float = 0.0  # wall time of the processes that were killed, up to the checkpoints gone on from
    published: int = -1  # place of the point whose weights training leaves

    def summary(self) -> dict[str, float | int | None]:
        point = self.points[self.published]
        return {"steps": point.step, "loss": point.loss, "validation": point.validation}

    def best(self) -> int:
        """Place of the point with the lowest validation, the first of several; there has to be one."""
        return min((p.validation, place) for place, p in enumerate(self.points) if p.validation is not None)[1]

    def stalled(self, patience: int) -> bool:
        """Whether none of the last `patience` validations is lower than all before; never if that is 0."""
        values = [point.validation for point in self.points if point.validation is not None]
        return 0 < patience < len(values) and min(values[-patience:]) >= min(values[:-patience])


def learning_rate_factor(step: int, steps: int) -> float:
    """Linear warm-up, then a half cosine to zero; the factor of the peak learning rate at `step` of `steps`."""
    warm_up = max(1, round(WARM_UP * steps))
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))


def fit(
    model: torch.nn.Module,
    loss: Callable[[torch.nn.Module, Batch], torch.Tensor],
    batches: Batches,
    *,
    name: str,
    settings: Training,
    compute: Compute,
    seed: int,
    fingerprint: str,
    validate: Validate | None = None,
) -> Curves:
    """Train `model` in place with AdamW; leaves it in evaluation mode on the CPU, with its averaged weights if any.

    With patience, it is left with the weights of the lowest validation, else with the last ones.

    With several devices or nodes this process is one of many that run the same stage; each makes its share of every
    batch, and all but the first end here.

    Args:
        loss: maps (model, batch) to a scalar, a mean over the batch.
        name: of the run, e.g. "xumx/psi_refined/seed0"; also where its checkpoints are.
        fingerprint: of everything that the result depends on; a checkpoint with another one is not used.
        validate: the lower the better; measured some ten times in a training, and at its end.

    Raises InputError with the songs of the batch at the first loss or gradient that is not finite, and at such a
    validation; the last checkpoint stays.
    """
    began = time.monotonic()
    fabric = launch(compute, settings)
    batches.examples = range(fabric.global_rank, settings.batch, fabric.world_size)
    model.train()
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    wrapped, optimizer = fabric.setup(model, optimizer)
    average = None
    if settings.average:
        # With the statistics of batch normalisation: those of the last weights would not fit the average.
        average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(settings.average), use_buffers=True)
    candidate = average.module if average else model  # what is validated
    curves, first, best = Curves(), 0, None
    losses, norms = [], []  # since the last point
    if state := load_checkpoint(name, fingerprint):
        first = state["step"]
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        if average:
            average.load_state_dict(state["average"])
        best, losses, norms = state["best"], state["losses"], state["norms"]
        points = [Point(*values) for values in state["points"]]
        curves = Curves(points, state["training_seconds"], state["wall_seconds"])
    loader = DataLoader(
        batches, batch_size=None, sampler=range(first, settings.steps), num_workers=compute.workers,
        multiprocessing_context="fork" if compute.workers else None, prefetch_factor=2 if compute.workers else None,
    )  # fmt: skip
    every = max(1, settings.steps // CURVE_POINTS)
    validate_every = every * max(1, CURVE_POINTS // 10)
    saved, pause = time.monotonic(), CHECKPOINT_SECONDS
    progress = tqdm(
        _one_line_errors(loader), initial=first, total=settings.steps, desc=name, unit="step", mininterval=5,
        disable=fabric.global_rank > 0,
    )  # fmt: skip
    for step, batch in enumerate(progress, start=first):
        started = time.monotonic()
        torch.manual_seed(seed * 1_000_003 + step + fabric.global_rank * RANKS_APART)  # dropout, but of cuDNN's LSTMs
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * learning_rate_factor(step, settings.steps)
        with _out_of_memory_in_one_line(f"{name}: step {step}", settings.batch):
            value = loss(wrapped, fabric.to_device(batch))
            optimizer.zero_grad()
            fabric.backward(value)
        norm = fabric.clip_gradients(wrapped, optimizer, max_norm=settings.clip, error_if_nonfinite=False)
        if not (torch.isfinite(value) and torch.isfinite(norm)):
            raise InputError(
                f"{name}: step {step}: expected a finite loss and gradient, got {value:g} and {norm:g} "
                f"from the songs {', '.join(sorted(set().union(*batch['songs'])))}"
            )
        optimizer.step()
        if average:
            average.update_parameters(model)
        losses.append(value.item())
        norms.append(norm.item())
        curves.training_seconds += time.monotonic() - started
        done, last = step + 1, step + 1 == settings.steps
        if done % every == 0 or last:
            validation = None
            if validate and (done % validate_every == 0 or last):
                validation = _validated(candidate, validate)
                validation = fabric.broadcast(validation)  # all processes stop at the same step
                if not math.isfinite(validation):
                    raise InputError(f"{name}: step {step}: expected a finite validation loss, got {validation:g}")
            curves.points.append(Point(done, sum(losses) / len(losses), max(norms), validation))
            losses.clear()
            norms.clear()
            if settings.patience and validation is not None and curves.best() == len(curves.points) - 1:
                best = copy.deepcopy(candidate.state_dict())
            progress.set_postfix(loss=f"{curves.points[-1].loss:.4g}", refresh=False)
            if curves.stalled(settings.patience):
                break
        if fabric.global_rank == 0 and not last and time.monotonic() - saved > pause:
            started = time.monotonic()
            save_checkpoint(name, {
                "fingerprint": fingerprint, "step": done, "model": model.state_dict(),
                "optimizer": optimizer.state_dict(), "average": average.state_dict() if average else None,
                "best": best, "losses": losses, "norms": norms, "points": [tuple(point) for point in curves.points],
                "training_seconds": curves.training_seconds,
                "wall_seconds": curves.earlier_seconds + time.monotonic() - began,
            })  # fmt: skip
            saved = time.monotonic()
            pause = max(CHECKPOINT_SECONDS, (saved - started) / CHECKPOINT_SHARE)
    fabric.barrier()
    if fabric.global_rank > 0:
        sys.exit(0)  # the first process publishes the result
    if best:
        curves.published = curves.best()
        model.load_state_dict(best)
    elif average:
        model.load_state_dict(candidate.state_dict())
    model.eval().cpu()
    return curves


def launch(compute: Compute, settings: Training) -> "Fabric":
    """Lightning's Fabric on this process's device; starts the other processes of this node where there are to be some.

    Raises InputError if a batch cannot be shared out evenly.
    """
    from lightning.fabric import Fabric

    processes = compute.devices * compute.num_nodes
    if settings.batch % processes:
        raise InputError(
            f"expected a batch that {processes} processes can share (compute.devices x compute.num_nodes), "
            f"got {settings.batch}"
        )
    os.environ.pop("SLURM_NTASKS", None)  # or Lightning would leave it to srun to start the other processes
    fabric = Fabric(
        accelerator=compute.device,
        devices=compute.devices,
        num_nodes=compute.num_nodes,
        strategy="ddp" if processes > 1 else "auto",
        precision=settings.precision,
    )
    fabric.launch()
    torch.set_num_threads(compute.threads)
    threadpool_limits(compute.threads, "blas")  # of numpy, in loader processes, too
    keep_freed_memory()
    return fabric


def keep_freed_memory() -> None:
    """Have glibc keep what is freed for the next step instead of handing it back to the kernel.

    A step frees and allocates the same large tensors again, and zeroing fresh pages takes up to a quarter of its time
    on the CPU. Without glibc, nothing is done.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(M_TOP_PAD, 2**28)


def _validated(model: torch.nn.Module, validate: Validate) -> float:
    mode = model.training
    model.eval()
    with torch.no_grad():
        value = validate(model)
    model.train(mode)
    return value


@contextmanager
def _out_of_memory_in_one_line(where: str, batch: int) -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise InputError(f"{where}: a batch of {batch} does not fit into the device's memory: {error}") from error


def _one_line_errors(loader: DataLoader) -> Iterator[Batch]:
    """The loader's batches; a worker's error comes with its traceback, of which only the last line goes on."""
    try:
        yield from loader
    except (ConnectionError, EOFError) as error:  # of a killed process, before torch tells of it
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # or it would tell while it ends the others, with a traceback
        raise RuntimeError(f"DataLoader worker: {error}") from error
    except InputError as error:
        raise InputError(str(error).strip().rpartition("InputError: ")[2]) from error
    except OSError as error:
        raise InputError(str(error).strip().splitlines()[-1]) from error
