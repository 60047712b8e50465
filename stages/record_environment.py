"""DVC stage record_environment: the machine and the versions behind the results, since they change the last digits."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

from stages.pipeline.files import write_json
from stages.pipeline.params import Compute, Params
from stages.pipeline.stage import run_stage

PACKAGES = (
    "torch", "torchaudio", "timm", "lightning", "demucs", "openunmix", "museval", "torchmetrics", "dvc", "mlflow",
    "numpy", "scipy", "soundfile", "pedalboard", "pyworld-prebuilt",
)  # fmt: skip
DEBIAN_PACKAGES = (  # which the embedded songs are played and sung with
    "fluidsynth", "espeak-ng", "fluid-soundfont-gm", "timgm6mb-soundfont", "csound-soundfont",
    "musescore-general-soundfont-lossless",
)  # fmt: skip


def main(params: Params) -> None:
    """Write metrics/environment.json."""
    environment = {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "threads": params.compute.threads,
        "device": device_name(params.compute),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES} | debian_packages(),
    }
    write_json(Path("metrics/environment.json"), environment)


def device_name(compute: Compute) -> str:
    """What the networks ran on: "cpu", or how many of which GPU."""
    if compute.device == "cpu":
        return "cpu"
    import torch  # takes seconds

    return f"{compute.devices * compute.num_nodes} x {torch.cuda.get_device_name()}"


def debian_packages() -> dict[str, str]:
    """The versions of those of `DEBIAN_PACKAGES` that are installed; none where the system has no dpkg."""
    if not shutil.which("dpkg-query"):
        return {}
    query = ["dpkg-query", "--show", "--showformat=${Package} ${Version}\n", *DEBIAN_PACKAGES]
    found = subprocess.run(query, capture_output=True, text=True).stdout  # it complains about those that are missing
    return dict(line.split(" ") for line in found.splitlines())


def cpu_model() -> str:
    """The processor's name, or its architecture where the system doesn't tell."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    run_stage("record_environment", main)
