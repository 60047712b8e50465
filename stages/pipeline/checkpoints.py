"""A training's state on disk, and final weights: only tensors and numbers, nothing that can run."""

import hashlib
import io
import pickle
import sys
from pathlib import Path

import torch

from stages.pipeline.errors import InputError
from stages.pipeline.files import atomic_file


def checkpoint_paths(name: str) -> tuple[Path, Path]:
    """Where the last checkpoint of a run is, and the one before it: beside the DVC outputs, which DVC removes."""
    stem = name.replace("/", "-")
    return Path("checkpoints") / f"{stem}.pt", Path("checkpoints") / f"{stem}.previous.pt"


def save_checkpoint(name: str, state: dict) -> None:
    """Write a run's state and keep the one before, in case this one is damaged.

    A file is the SHA-256 of what follows, then torch's format; written to a temporary name, synced, then renamed.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    last, previous = checkpoint_paths(name)
    content = buffer.getbuffer()  # no second copy of what may be gigabytes
    with atomic_file(last) as temporary:
        with temporary.open("wb") as file:
            file.write(hashlib.sha256(content).digest())
            file.write(content)
        if last.exists():
            last.replace(previous)


def load_checkpoint(name: str, fingerprint: str) -> dict | None:
    """A run's last undamaged state that has this "fingerprint", on the CPU; None if there is none."""
    for path in checkpoint_paths(name):
        state = _read(path)
        if state and state["fingerprint"] == fingerprint:
            return state
    return None


def remove_checkpoints(name: str) -> None:
    """Forget a run's checkpoints, once its stage has written the final weights."""
    for path in checkpoint_paths(name):
        path.unlink(missing_ok=True)


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
    """Write a model's weights as safetensors."""
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
        reason = str(error)[:200]
        raise InputError(f"{path}: expected the weights of a {type(model).__name__}: {reason}") from error
    return model.eval()
