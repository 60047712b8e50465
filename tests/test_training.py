"""The training loop: resumable to the byte, and stopped by what is not finite."""

import hashlib
import itertools
import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from conftest import ROOT

from stages.pipeline import training
from stages.pipeline.checkpoints import checkpoint_paths, read_weights, write_weights
from stages.pipeline.errors import InputError, errors_as_one_line
from stages.pipeline.params import Compute, Training
from stages.pipeline.publishing import training_fingerprint
from stages.pipeline.stage import run_stage
from stages.pipeline.training import Curves, Point, fit, learning_rate_factor

SETTINGS = Training(
    steps=12, batch=4, learning_rate=0.01, weight_decay=0.0, clip=1.0, average=0.9, patience=0, precision="32-true"
)


class Steps(torch.utils.data.Dataset):
    """A regression whose batches depend on the step alone; from step `dies_at` on it fails, like a killed process."""

    def __init__(self, dies_at: int | None = None, nan_at: int | None = None):
        self.dies_at, self.nan_at = dies_at, nan_at

    def __len__(self) -> int:
        return SETTINGS.steps

    def __getitem__(self, step: int) -> dict[str, torch.Tensor]:
        if step == self.dies_at:
            raise RuntimeError("killed")
        x = torch.randn(4, 3, generator=torch.Generator().manual_seed(step))
        return {
            "x": x * float("nan") if step == self.nan_at else x,
            "y": x.sum(dim=1, keepdim=True),
            "songs": [["b"], ["a", "b"], [], ["a"]],
        }


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 1))


def run(model, batches, fingerprint="f", workers=0, settings=SETTINGS, validate=lambda m: m(torch.ones(1, 3)).item()):
    compute = Compute(device="cpu", devices=1, num_nodes=1, threads=1, workers=workers)
    return fit(
        model, lambda m, b: (m(b["x"]) - b["y"]).square().mean(), batches, name="toy/arm/seed0", settings=settings,
        compute=compute, seed=0, fingerprint=fingerprint, validate=validate,
    )  # fmt: skip


@pytest.fixture
def every_step_is_saved(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -1.0)
    monkeypatch.setattr(training, "CHECKPOINT_SHARE", float("inf"))


def test_a_killed_training_ends_with_the_weights_of_one_that_was_not(every_step_is_saved):
    whole = network()
    curves = run(whole, Steps(), "another training")
    killed = network()
    with pytest.raises(RuntimeError, match="killed"):
        run(killed, Steps(dies_at=7))
    resumed = network()
    resumed_curves = run(resumed, Steps())
    assert resumed_curves.points == curves.points
    for a, b in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_a_resumed_training_counts_the_time_of_the_processes_before(every_step_is_saved, monkeypatch):
    clock = itertools.count()  # a second passes whenever someone looks
    monkeypatch.setattr(training, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    for step in (3, 7):
        with pytest.raises(RuntimeError, match="killed"):
            run(network(), Steps(dies_at=step))
    killed = next(clock)
    curves = run(network(), Steps())
    assert curves.training_seconds == SETTINGS.steps
    assert 0 < killed - curves.earlier_seconds < 7  # what came after the last checkpoint of each
    shutil.copy(ROOT / "params.yaml", ".")
    monkeypatch.setattr(sys, "argv", ["stages.toy"])
    run_stage("toy", lambda params: curves)
    timing = json.loads(Path("timing/toy.json").read_text())
    assert timing["training_seconds"] == SETTINGS.steps < curves.earlier_seconds <= timing["wall_seconds"]


def test_a_damaged_checkpoint_is_named_and_the_one_before_it_used(every_step_is_saved, capfd):
    whole, resumed = network(), network()
    run(whole, Steps(), "another training")
    with pytest.raises(RuntimeError, match="killed"):
        run(network(), Steps(dies_at=7))
    last, _ = checkpoint_paths("toy/arm/seed0")
    content = bytearray(last.read_bytes())
    content[len(content) // 2] ^= 1
    last.write_bytes(content)
    seen = []

    class Watched(Steps):
        def __getitem__(self, step):
            seen.append(step)
            return super().__getitem__(step)

    run(resumed, Watched())
    assert f"{last}: damaged" in capfd.readouterr().err
    assert seen[0] == 6
    for a, b in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_a_checkpoint_that_would_run_code_is_not_run(every_step_is_saved, capfd):
    class Hostile:
        def __reduce__(self):
            return print, ("owned",)

    last, _ = checkpoint_paths("toy/arm/seed0")
    last.parent.mkdir()
    body = pickle.dumps(Hostile())
    last.write_bytes(hashlib.sha256(body).digest() + body)
    run(network(), Steps())
    captured = capfd.readouterr()
    assert f"{last}: damaged" in captured.err and "owned" not in captured.out


def test_a_checkpoint_of_another_training_is_not_used(every_step_is_saved):
    with pytest.raises(RuntimeError, match="killed"):
        run(network(), Steps(dies_at=7), "other labels")
    seen = []
    batches = Steps()
    original = batches.__getitem__

    class Watched(Steps):
        def __getitem__(self, step):
            seen.append(step)
            return original(step)

    run(network(), Watched())
    assert seen[0] == 0


def test_a_nan_stops_training_and_names_run_and_step(every_step_is_saved):
    with pytest.raises(InputError, match=r"toy/arm/seed0: step 5: expected a finite loss .* from the songs a, b$"):
        run(network(), Steps(nan_at=5))


class Failing(Steps):
    """At step 3 its `failure` is called."""

    def __init__(self, failure):
        super().__init__()
        self.failure = failure

    def __getitem__(self, step):
        if step == 3:
            self.failure()
        return super().__getitem__(step)


def raising(error: Exception):
    def fail():
        raise error

    return fail


DAMAGED = "vocals.wav: expected a readable WAV file"


@pytest.mark.parametrize(
    ("failure", "workers", "line"),
    [
        (raising(InputError(DAMAGED)), 0, DAMAGED),
        (raising(InputError(DAMAGED)), 1, DAMAGED),
        (raising(OSError("the disk is gone")), 1, "OSError: the disk is gone"),
    ],
)
def test_an_error_in_a_worker_is_one_line(failure, workers, line, every_step_is_saved):
    with pytest.raises(InputError) as caught:
        run(network(), Failing(failure), workers=workers)
    assert str(caught.value).startswith(line) and "Traceback" not in str(caught.value)


LOADER_KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from test_training import Failing, network, run
from stages.pipeline.errors import errors_as_one_line
with errors_as_one_line("toy"):
    run(network(), Failing(lambda: os.kill(os.getpid(), signal.SIGKILL)), workers=1)
"""


def test_a_killed_loader_is_one_line(tmp_path):
    command = [sys.executable, "-c", LOADER_KILLED, str(ROOT / "tests")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "Traceback" not in done.stderr  # what is before it is the progress bar
    assert done.stderr.endswith("error: toy: a loader's process was killed: out of memory, or of /dev/shm?\n")


def test_a_batch_that_the_device_cannot_hold_is_one_line(every_step_is_saved):
    class Large(torch.nn.Linear):
        def forward(self, x):
            raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 9 GiB")

    with pytest.raises(InputError, match=r"^toy/arm/seed0: step 0: a batch of 4 does not fit .*: CUDA out of"):
        run(Large(3, 1), Steps())


def test_a_full_gpu_is_one_line_in_any_stage():
    with pytest.raises(SystemExit, match=r"^error: toy: CUDA out of memory\.$"), errors_as_one_line("toy"):
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 9 GiB")


def test_learning_rate_rises_then_falls_to_zero():
    factors = [learning_rate_factor(step, 100) for step in range(100)]
    assert factors[:5] == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert all(a > b for a, b in zip(factors[5:], factors[6:], strict=False))
    assert factors[-1] < 0.001


def test_the_average_of_the_weights_is_what_training_leaves(every_step_is_saved):
    """With a decay of d, the average after each step is d times itself and 1 - d times the new weights."""
    plain, averaged = network(), network()
    seen = []
    expected = None

    class Watched(Steps):
        def __getitem__(self, step):
            seen.append([p.detach().clone() for p in plain.parameters()])
            return super().__getitem__(step)

    run(plain, Watched(), settings=SETTINGS.model_copy(update={"average": 0.0}))
    seen.append([p.detach().clone() for p in plain.parameters()])
    for weights in seen[1:]:
        expected = weights if expected is None else [0.9 * a + 0.1 * b for a, b in zip(expected, weights, strict=True)]
    run(averaged, Steps(), "another training")
    for a, b in zip(averaged.parameters(), expected, strict=True):
        torch.testing.assert_close(a, b)


def test_averaged_weights_come_with_averaged_statistics(every_step_is_saved):
    """Those of the last weights would not fit: batch normalisation goes by the inputs that the average gives it."""
    seen, last = [], []
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 1))

    class Watched(Steps):
        def __getitem__(self, step):
            seen.append(model[1].running_var.clone())
            return super().__getitem__(step)

    def validate(averaged):
        last.append(model[1].running_var.clone())
        return averaged(torch.ones(1, 3)).item()

    run(model, Watched(), validate=validate)
    expected = seen[1]
    for statistics in (*seen[2:], last[-1]):
        expected = 0.9 * expected + 0.1 * statistics
    torch.testing.assert_close(model[1].running_var, expected)
    assert not torch.allclose(model[1].running_var, last[-1])


def test_writing_checkpoints_takes_a_small_share_of_a_training(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    now, written = [0.0], []
    monkeypatch.setattr(training, "time", SimpleNamespace(monotonic=lambda: now[0]))

    class Slow(Steps):
        def __getitem__(self, step):
            now[0] += 100.0
            return super().__getitem__(step)

    def save(name, state):
        written.append(state["step"])
        now[0] += 4.0

    monkeypatch.setattr(training, "save_checkpoint", save)
    run(network(), Slow())
    assert written == [1, 4, 7, 10]  # 4 s each, in 200 s


def test_training_stops_when_validation_no_longer_gets_better():
    points = [Point(step, 0.0, 0.0, value) for step, value in enumerate([3.0, 2.0, None, 2.5, 2.0])]
    assert Curves(points).stalled(2)
    assert not Curves(points).stalled(3) and not Curves(points).stalled(0)
    assert not Curves(points[:2]).stalled(2)


def test_the_curve_shows_a_gradient_that_was_clipped(every_step_is_saved):
    class Outlier(Steps):
        def __getitem__(self, step):
            batch = super().__getitem__(step)
            return batch | {"y": batch["y"] * (1e3 if step == 30 else 1)}

    settings = SETTINGS.model_copy(update={"steps": 100})  # a point is two steps
    points = run(network(), Outlier(), "another training", settings=settings).points
    assert [point.step for point in points] == list(range(2, 101, 2))
    norms = [point.gradient for point in points]
    assert norms.pop(15) > 1e3 * settings.clip
    assert min(norms) > 0
    assert max(norms) < 100
    with pytest.raises(RuntimeError, match="killed"):
        run(network(), Outlier(dies_at=31), settings=settings)  # amid the two
    assert run(network(), Outlier(), settings=settings).points == points


@pytest.mark.parametrize("change", [{}, {"clip": 0.05}, {"weight_decay": 0.5}, {"learning_rate": 0.1}])
def test_a_training_is_adamw_with_clipped_gradients_along_the_schedule(change, every_step_is_saved):
    """Against a loop of torch's own pieces; the last change alone makes another learning rate of every step."""
    settings = SETTINGS.model_copy(update={"average": 0.0, **change})
    model, other = torch.nn.Linear(3, 1), torch.nn.Linear(3, 1)
    other.load_state_dict(model.state_dict())
    run(model, Steps(), settings=settings)
    optimizer = torch.optim.AdamW(other.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: learning_rate_factor(step, settings.steps))
    for step in range(settings.steps):
        batch = Steps()[step]
        optimizer.zero_grad()
        (other(batch["x"]) - batch["y"]).square().mean().backward()
        torch.nn.utils.clip_grad_norm_(other.parameters(), settings.clip)
        optimizer.step()
        schedule.step()
    torch.testing.assert_close(model.state_dict(), other.state_dict(), rtol=1e-4, atol=1e-5)


def test_the_average_is_what_is_validated(every_step_is_saved):
    model = network()
    curves = run(model, Steps())
    assert curves.points[-1].validation == pytest.approx(model(torch.ones(1, 3)).item())


def test_mixed_precision_is_another_training(every_step_is_saved):
    weights = []
    for precision in ("32-true", "bf16-mixed"):
        model = network()
        run(model, Steps(), precision, settings=SETTINGS.model_copy(update={"precision": precision}))
        weights.append(model.state_dict()["0.weight"])
    assert not torch.equal(*weights) and torch.allclose(*weights, atol=0.05)


def test_other_parameters_of_a_section_are_another_training(params, tmp_path):
    (tmp_path / "arm.csv").touch()
    other = params.model_copy(update={"classifier": params.classifier.model_copy(update={"clip": 1.0})})
    found = [[training_fingerprint(section, tmp_path / "arm.csv", one) for one in (params, other)]
             for section in ("classifier", "separation")]  # fmt: skip
    assert found[0][0] != found[0][1] and found[1][0] == found[1][1]


def test_training_that_stops_early_leaves_its_best_weights(every_step_is_saved):
    """The third of the validations is the lowest; also where training was killed after it and resumed."""
    settings = SETTINGS.model_copy(update={"steps": 100, "patience": 3, "average": 0.0})

    class Many(Steps):
        def __len__(self):
            return 100

    seen = []

    def validate(model):
        seen.append([parameter.detach().clone() for parameter in model.parameters()])
        return 1.0 if len(seen) == 3 else 2.0

    whole, resumed = network(), network()
    curves = run(whole, Many(), "another training", settings=settings, validate=validate)
    assert len(seen) == 6 and curves.points[-1].step == 60
    assert curves.summary() == {"steps": 30, "loss": curves.points[14].loss, "validation": 1.0}
    best = seen[2]
    seen.clear()
    with pytest.raises(RuntimeError, match="killed"):
        run(network(), Many(dies_at=45), settings=settings, validate=validate)
    run(resumed, Many(), settings=settings, validate=validate)
    for a, b, c in zip(best, whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b) and torch.equal(a, c)


def test_weights_of_another_network_are_refused_by_name(tmp_path):
    write_weights(torch.nn.Linear(3, 1), tmp_path / "a.safetensors")
    with pytest.raises(InputError, match=r"a\.safetensors: expected the weights of a Sequential"):
        read_weights(network(), tmp_path / "a.safetensors")


def test_a_validation_that_is_not_finite_stops_the_training(every_step_is_saved):
    with pytest.raises(InputError, match=r"toy/arm/seed0: step 4: expected a finite validation loss, got nan"):
        run(network(), Steps(), validate=lambda model: float("nan"))
