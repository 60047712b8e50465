"""How a stage runs: its argument, its parameters, its errors as one line, its wall time."""

import hashlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from stages.pipeline.errors import InputError, errors_as_one_line
from stages.pipeline.files import write_json
from stages.pipeline.params import Compute, load_params

if TYPE_CHECKING:
    from stages.pipeline.training import Curves


def run_stage(name: str, body: Callable[..., "Curves | None"], items: tuple[str, ...] = ()) -> None:
    """Run a stage's `body(params)` or, where it has `items`, `body(item, params)` with the item of the command line.

    Writes timing/<name>[@<item>].json; a `body` that trains returns its curves, which know the time of the processes
    before this one, too. Bad input and full disks end with exit code 1 and one line.
    """
    started = time.monotonic()
    with errors_as_one_line(name):
        arguments = sys.argv[1:]
        if len(arguments) != bool(items) or (items and arguments[0] not in items):
            raise InputError(
                f"{name}: expected {'one of ' + ', '.join(items) if items else 'no argument'}, got {arguments}"
            )
        params = load_params()
        check_device(params.compute)
        curves = body(*arguments, params)
        earlier, training = (curves.earlier_seconds, curves.training_seconds) if curves else (0.0, 0.0)
        write_timing(name, arguments[0] if items else "", earlier + time.monotonic() - started, training)


def name_too_short(what: str, songs: set[str]) -> None:
    """Say on stderr which songs are left out of something, since they have no segment; nothing if there is none."""
    if songs:
        names = ", ".join([*sorted(songs)[:3], *["..."] * (len(songs) > 3)])
        print(f"{what}: songs shorter than segments.seconds, left out: {len(songs)} ({names})", file=sys.stderr)


def check_device(compute: Compute) -> None:
    """Raises InputError where this machine has fewer GPUs than the parameters ask for."""
    if compute.device == "cuda":
        import torch  # takes seconds

        found = torch.cuda.device_count()
        if found < compute.devices:
            raise InputError(
                f"params.yaml: compute.device: cuda needs as many GPUs as compute.devices, {compute.devices}, "
                f"torch finds {found}: choose cpu, or fewer"
            )


def write_timing(name: str, item: str, wall_seconds: float, training_seconds: float) -> None:
    """Record the wall time of a stage; a file of its own, so that metrics stay equal from run to run."""
    write_json(
        Path("timing") / f"{name}{'@' + item if item else ''}.json",
        {
            "stage": name,
            "item": item,
            "wall_seconds": round(wall_seconds, 2),
            "training_seconds": round(training_seconds, 2),
        },
    )


def code_fingerprint() -> str:
    """A hash of the code of all stages: a checkpoint of other code is not gone on from."""
    return fingerprint(*sorted(Path(__file__).parent.parent.rglob("*.py")))


def fingerprint(*parts: str | Path | dict) -> str:
    """A short hash of texts, the contents of files, and parameters."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            digest.update(part.read_bytes())
        elif isinstance(part, dict):
            digest.update(json.dumps(part, sort_keys=True).encode())
        else:
            digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]
