"""DVC stage record_environment: the machine and the versions behind the results, since they change the last digits."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from stages.pipeline.files import write_json
from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage

PACKAGES = (
    "torch",
    "torchaudio",
    "timm",
    "lightning",
    "demucs",
    "openunmix",
    "museval",
    "torchmetrics",
    "dvc",
    "mlflow",
)


def main(params: Params) -> None:
    """Write metrics/environment.json."""
    environment = {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "threads": params.compute.threads,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }
    write_json(Path("metrics/environment.json"), environment)


def cpu_model() -> str:
    """The processor's name, or its architecture where the system doesn't tell."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    run_stage("record_environment", main)
