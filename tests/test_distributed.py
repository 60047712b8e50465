"""Two processes that share every batch end with the same weights, which are those of one process with all of it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import ROOT
from safetensors.torch import load_file
from threadpoolctl import threadpool_info

from stages.pipeline.errors import InputError
from stages.pipeline.stage import run_stage
from stages.pipeline.training import launch

# A regression whose batch of four examples is shared out; every process writes what it ends with.
SCRIPT = """
import atexit, os, sys
from pathlib import Path
import torch
from stages.pipeline.checkpoints import write_weights
from stages.pipeline.params import Compute, Training
from stages.pipeline.training import fit

class Batches(torch.utils.data.Dataset):
    examples = range(4)
    def __len__(self):
        return 10
    def __getitem__(self, step):
        seeds = [100 * step + example for example in self.examples]
        x = torch.stack([torch.randn(3, generator=torch.Generator().manual_seed(seed)) for seed in seeds])
        return {"x": x, "y": x.sum(dim=1, keepdim=True), "songs": []}

torch.manual_seed(int(os.environ.get("LOCAL_RANK", 0)))  # the first process's weights are everyone's
model = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
folder, devices = Path(sys.argv[1]), int(sys.argv[2])
batches, rank = Batches(), os.environ.get("LOCAL_RANK", 0)
atexit.register(lambda: (folder / f"made{rank}").write_text(str(list(batches.examples))))
atexit.register(lambda: write_weights(model, folder / f"rank{rank}.safetensors"))
drawn = []  # what a layer with dropout would draw
atexit.register(lambda: (folder / f"drawn{rank}").write_text(str(drawn)))

def loss(model, batch):
    drawn.append(torch.rand(()).item())
    return (model(batch["x"]) - batch["y"]).square().mean()

fit(model, loss, batches, name="toy/arm/seed0",
    settings=Training(steps=10, batch=4, learning_rate=0.01, weight_decay=0.0, clip=1.0, average=0.0, patience=0,
                      precision="32-true"),
    compute=Compute(device="cpu", devices=devices, num_nodes=1, threads=1, workers=0), seed=0, fingerprint="f")
print("published by", rank)
"""

# A separator of two steps on noise; every process writes what it ends with.
SEPARATOR = """
import atexit, os, sys
from pathlib import Path
import torch
from stages.pipeline.checkpoints import write_weights
from stages.pipeline.params import load_params
from stages.pipeline.training import fit
from stages.separation.networks import NETWORKS, network_settings

class Batches(torch.utils.data.Dataset):
    examples = range(2)
    def __len__(self):
        return 2
    def __getitem__(self, step):
        seeds = [100 * step + example for example in self.examples]
        targets = torch.stack([torch.randn(4, 2, 8192, generator=torch.Generator().manual_seed(s)) for s in seeds]) / 10
        groups = torch.eye(4).expand(len(seeds), 4, 4)
        return {"mixture": targets.sum(dim=1), "targets": targets, "groups": groups, "songs": []}

folder, devices, network = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
params = load_params(Path(sys.argv[4]))
settings = network_settings(network, params).model_copy(update={"steps": 2, "batch": 2, "average": 0.0})
compute = params.compute.model_copy(update={"device": "cpu", "devices": devices, "threads": 1, "workers": 0})
torch.manual_seed(int(os.environ.get("LOCAL_RANK", 0)))
model, rank = NETWORKS[network].build(params, None), os.environ.get("LOCAL_RANK", 0)
atexit.register(lambda: write_weights(model, folder / f"rank{rank}.safetensors"))
fit(model, NETWORKS[network].loss, Batches(), name="toy/arm/seed0", settings=settings, compute=compute, seed=0,
    fingerprint="f")
"""


def train(folder: Path, devices: int, *more: str, script: str = SCRIPT) -> subprocess.CompletedProcess:
    folder.mkdir()
    (folder / "train.py").write_text(script)
    command = [sys.executable, "train.py", str(folder), str(devices), *more]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def test_two_processes_end_with_the_weights_of_one(tmp_path):
    results = [train(tmp_path / name, devices) for name, devices in (("one", 1), ("two", 2))]
    assert [result.returncode for result in results] == [0, 0], results[1].stderr
    assert [result.stdout.count("published by") for result in results] == [1, 1]
    made = [(tmp_path / path).read_text() for path in ("one/made0", "two/made0", "two/made1")]
    assert made == ["[0, 1, 2, 3]", "[0, 2]", "[1, 3]"]
    drawn = [(tmp_path / path).read_text() for path in ("one/drawn0", "two/drawn0", "two/drawn1")]
    assert drawn[0] == drawn[1] != drawn[2]
    one, first, second = (
        load_file(tmp_path / path)
        for path in ("one/rank0.safetensors", "two/rank0.safetensors", "two/rank1.safetensors")
    )
    for key in one:
        assert torch.equal(first[key], second[key])
        torch.testing.assert_close(first[key], one[key])


@pytest.mark.parametrize("network", ["xumx", "hdemucs"])
def test_two_processes_train_a_separator_to_the_same_weights(network, tmp_path):
    result = train(tmp_path / "two", 2, network, str(ROOT / "params.yaml"), script=SEPARATOR)
    assert result.returncode == 0, result.stderr
    first, second = (load_file(tmp_path / f"two/rank{rank}.safetensors") for rank in (0, 1))
    for key in first:
        if "running_" not in key:  # what batch normalisation has seen is each process's own
            assert torch.equal(first[key], second[key]), key


def test_a_batch_that_cannot_be_shared_out_is_one_line(params):
    compute = params.compute.model_copy(update={"devices": 3, "num_nodes": 2})
    with pytest.raises(InputError, match=r"expected a batch that 6 processes can share .*, got 4"):
        launch(compute, params.separation.xumx.model_copy(update={"batch": 4}))


def test_numpy_computes_in_as_many_threads_as_torch(params):
    """Many of its own would stall each other, in every loader process."""
    launch(params.compute, params.separation.xumx)
    threads = {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
    assert threads == {params.compute.threads} == {torch.get_num_threads()}


def test_a_stage_starts_its_own_processes_under_slurm(tmp_path, monkeypatch):
    """Where Lightning would wait for srun to start them, and refuses `--ntasks`."""
    monkeypatch.setenv("SLURM_NTASKS", "8")
    monkeypatch.setenv("SLURM_JOB_NAME", "train")
    monkeypatch.setattr(sys, "argv", ["toy"])
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    sizes = []
    run_stage("toy", lambda params: sizes.append(launch(params.compute, params.separation.xumx).world_size))
    assert sizes == [1]
