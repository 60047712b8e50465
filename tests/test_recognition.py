"""The classifier Ψ: its random mixes, their effects, its features, that it learns, and what it says of silence."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
import yaml

from stages.pipeline.checkpoints import write_weights
from stages.pipeline.errors import InputError
from stages.pipeline.params import Params
from stages.recognition import effects
from stages.recognition.mixing import EVALUATION_BATCH, RandomMixes
from stages.recognition.model import LAYER_SCALE, InstrumentClassifier, load_classifier
from stages.recognition.prediction import predict, predict_mixes
from stages.recognition.training import classifier_loss, train_classifier, validation
from stages.stems import CLASSES
from stages.stems.segments import ARM_COLUMNS

PARAMS = Path(__file__).parent.parent / "params.yaml"
RATE = 8000
FRAMES = RATE // 2
PITCH = dict(zip(CLASSES, (440.0, 110.0, 2500.0, 1200.0), strict=True))


def settings(**classifier) -> Params:
    content = yaml.safe_load(PARAMS.read_text())
    content["stems"]["rate"] = RATE
    content["segments"]["seconds"] = FRAMES / RATE
    tiny = {"model": "test_convnext", "mel_bands": 32, "fft": 256, "hop": 64, "batch": 8, "steps": 3}
    content["classifier"] |= tiny | classifier
    return Params.model_validate(content)


def stem(label: str, frames: int = 2 * FRAMES) -> np.ndarray:
    """A tone of the class's pitch, louder on the right, with a little noise."""
    rng = np.random.default_rng(CLASSES.index(label))
    tone = 0.2 * np.sin(2 * np.pi * PITCH[label] * np.arange(frames) / RATE)
    return (np.stack([0.8 * tone, tone]) + 0.005 * rng.standard_normal((2, frames))).astype(np.float32)


@pytest.fixture
def stems(tmp_path) -> tuple[Path, pd.DataFrame]:
    """A stem set of one song a split, two segments a stem, and its nominal arm."""
    rows = []
    for split in ("train", "valid", "test"):
        for c in CLASSES:
            path = f"{split}/song/{c}.wav"
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(tmp_path / path, stem(c).T, RATE, subtype="PCM_16")
            labels = [int(c == other) for other in CLASSES]
            for start in (0, FRAMES):
                rows.append(["song", split, c, path, start, start + FRAMES, -20.0, *labels, *labels, *labels])
    return tmp_path, pd.DataFrame(rows, columns=ARM_COLUMNS)


def test_mixes_depend_on_seed_and_step_alone(stems):
    root, arm = stems
    mixes = RandomMixes(arm, "clean", root, settings())
    later_first = RandomMixes(arm, "clean", root, settings())
    assert not torch.equal(later_first[5]["audio"], mixes[4]["audio"])
    for key in ("audio", "labels"):
        assert torch.equal(mixes[5][key], later_first[5][key])
    other_seed = RandomMixes(arm, "clean", root, settings().model_copy(update={"seed": 1}))
    assert not torch.equal(mixes[5]["audio"], other_seed[5]["audio"])


@pytest.mark.parametrize("split", ["valid", "test"])
def test_evaluation_mixes_do_not_depend_on_the_training_seed_or_batch(stems, split):
    root, arm = stems
    first, *others = (
        RandomMixes(arm, "clean", root, settings(batch=batch).model_copy(update={"seed": seed}), split)[1]
        for seed, batch in ((0, 8), (1, 8), (0, 16))
    )
    for other in others:
        assert torch.equal(first["audio"], other["audio"]) and torch.equal(first["labels"], other["labels"])


@pytest.mark.parametrize(("split", "effect_probability"), [("train", 0.0), ("valid", 1.0), ("test", 1.0)])
def test_without_effects_a_mix_is_the_sum_of_the_stems_of_its_labels(stems, split, effect_probability):
    """And mixes that something is measured on have none, whatever those have that are learned from."""
    root, arm = stems
    arm = arm[arm["start"] == 0]
    params = settings(batch=EVALUATION_BATCH, effect_probability=effect_probability)
    batch = RandomMixes(arm, "clean", root, params, split)[0]
    assert batch["audio"].shape == (EVALUATION_BATCH, 2, FRAMES) and batch["labels"].shape == (EVALUATION_BATCH, 4)
    for audio, labels in zip(batch["audio"].numpy(), batch["labels"].numpy(), strict=True):
        kept = [stem(c)[:, :FRAMES] for c, label in zip(CLASSES, labels, strict=True) if label]
        np.testing.assert_allclose(audio, sum(kept, np.zeros((2, FRAMES))), atol=2**-13)  # files hold 16 bits


def test_the_target_is_the_union_of_the_drawn_segments_labels(stems):
    root, arm = stems
    arm.loc[arm["stem"] == "drums", "vocals"] = 1
    arm.loc[arm["stem"] == "vocals", "vocals"] = 0  # so that every draw for vocals, too, is a drums stem
    labels = RandomMixes(arm, "psi_noisy", root, settings(batch=64))[0]["labels"]
    vocals, drums = labels[:, 0], labels[:, 2]
    assert torch.equal(vocals, drums) and 0 < vocals.mean() < 1


@pytest.mark.parametrize(("keep", "expected"), [(0.0, 0.0), (1.0, 1.0)])
def test_keep_probability(stems, keep, expected):
    root, arm = stems
    batch = RandomMixes(arm, "clean", root, settings(keep_probability=keep))[0]
    assert (batch["labels"] == expected).all()
    assert bool(batch["audio"].any()) == bool(expected)


def test_an_empty_class_pool_is_named(stems):
    root, arm = stems
    arm.loc[arm["split"] == "train", "drums"] = 0
    with pytest.raises(InputError, match=r"^no drums segment in arm noisy: expected at least one of split train$"):
        RandomMixes(arm, "noisy", root, settings())
    RandomMixes(arm, "noisy", root, settings(), split="valid")


def test_held_out_songs_may_lack_a_class(stems, capsys):
    root, arm = stems
    params = settings()
    model = InstrumentClassifier(params.classifier, params.stems.rate)
    assert validation(model, "noisy", arm, root, params, name="classifier/noisy/seed0") is not None
    arm.loc[arm["split"] == "valid", "drums"] = 0
    assert validation(model, "noisy", arm, root, params, name="classifier/noisy/seed0") is None
    line = "classifier/noisy/seed0: no validation loss: no drums segment in arm noisy: expected at least one of"
    assert capsys.readouterr().err == line + " split valid\n"


@pytest.mark.parametrize("effect", [effects.compress, effects.reverberate, effects.widen, effects.change_loudness])
def test_each_effect_changes_audio_and_keeps_its_form(effect):
    audio = stem("vocals") * np.linspace(0.1, 1, 2 * FRAMES, dtype=np.float32)
    before = audio.copy()
    changed = effect(audio, RATE, np.random.default_rng(0))
    assert changed.shape == audio.shape and changed.dtype == np.float32 and np.isfinite(changed).all()
    assert np.abs(changed - audio).max() > 0.01
    assert np.array_equal(audio, before)
    assert np.array_equal(changed, effect(audio, RATE, np.random.default_rng(0)))
    level = np.sqrt(np.mean(changed**2) / np.mean(audio**2))
    assert (effect is effects.change_loudness) or level == pytest.approx(1, abs=1e-3)
    assert not effect(np.zeros_like(audio), RATE, np.random.default_rng(0)).any()


def test_each_effect_changes_its_own_side_of_the_sound():
    rng = np.random.default_rng(3)
    loud_then_quiet = stem("other") * np.repeat(np.float32([1, 0.1]), FRAMES)
    compressed = effects.compress(loud_then_quiet, RATE, rng)
    assert _contrast(compressed) < 0.95 * _contrast(loud_then_quiet)
    burst = stem("drums") * (np.arange(2 * FRAMES) < FRAMES).astype(np.float32)
    wet = effects.reverberate(burst, RATE, rng)
    assert np.abs(wet[:, FRAMES + 100 :]).max() > 1e-3  # its tail
    assert np.corrcoef(wet[:, :FRAMES].ravel(), burst[:, :FRAMES].ravel())[0, 1] > 0.7  # and what it began with
    left, right = effects.widen(stem("bass"), RATE, rng)
    assert left.std() / right.std() != pytest.approx(0.8, abs=0.05)


def _contrast(audio: np.ndarray) -> float:
    return audio[:, :FRAMES].std() / audio[:, FRAMES:].std()


def test_effects_come_with_their_probability():
    audio = stem("vocals")
    assert effects.apply_effects(audio, RATE, 0.0, np.random.default_rng(0)) is audio
    changed = [effects.apply_effects(audio, RATE, 0.5, np.random.default_rng(seed)) is not audio for seed in range(200)]
    assert np.mean(changed) == pytest.approx(1 - 0.5**4, abs=0.06)


def test_each_of_the_four_effects_comes_once(monkeypatch):
    came = []
    names = ("compress", "reverberate", "widen", "change_loudness")
    for name in names:
        monkeypatch.setattr(effects, name, lambda audio, rate, rng, name=name: came.append(name) or audio)
    effects.apply_effects(stem("vocals"), RATE, 1.0, np.random.default_rng(0))
    assert sorted(came) == sorted(names)


def test_features_keep_the_balance_of_the_channels():
    features = InstrumentClassifier(settings().classifier, RATE).features
    audio = torch.from_numpy(stem("other"))[None].clone()
    audio[:, 0] = 0.1 * audio[:, 1]
    left, right = features(audio)[0]
    loud = right > 0
    assert loud.any() and (right - left)[loud].mean().item() == pytest.approx(2 / 1.5, abs=0.05)  # two decades of power


def test_features_are_free_of_level_and_differ_by_content():
    features = InstrumentClassifier(settings().classifier, RATE).features
    quiet, loud, other = (torch.from_numpy(a)[None] for a in (0.05 * stem("bass"), 2 * stem("bass"), stem("other")))
    assert features(loud).shape == (1, 2, 32, (2 * FRAMES - 256) // 64 + 1)
    torch.testing.assert_close(features(quiet), features(loud), atol=1e-4, rtol=0)
    assert (features(loud) - features(other)).abs().max() > 1
    silence = features(torch.zeros(1, 2, FRAMES))
    assert silence.isfinite().all() and (silence == silence[0, 0, 0, 0]).all()


def test_features_are_the_same_in_mixed_precision():
    features = InstrumentClassifier(settings().classifier, RATE).features
    audio = 0.1 * torch.randn(1, 2, FRAMES, generator=torch.Generator().manual_seed(0))
    expected = features(audio)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(features(audio), expected)


def test_features_find_the_pitch_in_the_right_channel():
    features = InstrumentClassifier(settings().classifier, RATE).features
    audio = torch.from_numpy(stem("other"))[None].clone()
    audio[:, 0] = 0
    left, right = features(audio)[0].mean(dim=-1)
    low_to_high = features.filters[::2, :].argmax(dim=0) * RATE / 256  # the frequency on which each band peaks
    assert left.max() == left.min() < right.min()
    assert low_to_high[right.argmax()] == pytest.approx(PITCH["other"], abs=100)


def test_the_classifier_overfits_one_batch(stems):
    root, arm = stems
    params = settings(batch=16)
    batch = RandomMixes(arm, "clean", root, params)[0]
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = InstrumentClassifier(params.classifier, RATE)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    before = classifier_loss(model, batch).item()
    for _ in range(60):
        loss = classifier_loss(model, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    assert before > 0.5 and loss.item() < 0.05
    assert torch.equal(model(batch["audio"]) > 0, batch["labels"] > 0.5)


def test_training_is_repeatable_and_measures_validation(stems, monkeypatch):
    root, arm = stems
    monkeypatch.chdir(root)
    runs = [train_classifier("clean", arm, root, settings(), "classifier/clean/seed0", "f") for _ in range(2)]
    models, curves = zip(*runs, strict=True)
    assert curves[0].points == curves[1].points
    assert curves[0].summary()["validation"] > 0
    for first, second in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert torch.equal(first, second)


def test_branches_start_loud_enough_for_a_short_training():
    model = InstrumentClassifier(settings().classifier, RATE)
    scales = [value for name, value in model.named_parameters() if name.endswith("gamma")]
    assert scales and all((value == LAYER_SCALE).all() for value in scales)


def test_an_unknown_model_is_named():
    with pytest.raises(InputError, match=r"classifier\.model: expected a ConvNeXt of timm, .*'convnext_gigantic'"):
        InstrumentClassifier(settings(model="convnext_gigantic").classifier, RATE)


def test_weights_of_another_classifier_are_refused(tmp_path):
    path = tmp_path / "clean.safetensors"
    model = InstrumentClassifier(settings().classifier, RATE).eval()
    write_weights(model, path)
    audio = torch.from_numpy(stem("bass"))[None]
    assert torch.equal(load_classifier(path, settings())(audio), model(audio))
    for params in (settings(mel_bands=40), settings(model="convnext_atto")):
        with pytest.raises(InputError, match=f"^{path}: expected the weights"):
            load_classifier(path, params)


def test_silent_segments_have_no_probability_and_are_not_run(stems):
    root, arm = stems
    arm.loc[1, "level_db"] = -50.01
    arm.loc[1, "path"] = "never/read.wav"
    arm.loc[2, "level_db"] = -50.0  # as loud as is still heard
    params = settings()
    model = InstrumentClassifier(params.classifier, RATE)
    found = predict(model, arm, root, params)
    assert found.shape == (len(arm), 4)
    assert (found[1] == 0).all()
    assert (np.delete(found, 1, axis=0) > 0).all() and (found <= 1).all()
    alone = predict(model, arm.iloc[[7]], root, params)
    np.testing.assert_allclose(found[7], alone[0], rtol=1e-3)


def test_mix_predictions_are_as_many_as_asked_for(stems):
    root, arm = stems
    params = settings(keep_probability=0.3)
    model = InstrumentClassifier(params.classifier, RATE)
    mixes = RandomMixes(arm, "test", root, params, split="test")
    found, targets, songs = predict_mixes(model, mixes, 35, params)
    assert found.shape == targets.shape == (35, 4)
    assert np.array_equal(targets[:32], mixes[0]["labels"].numpy())
    assert np.array_equal(targets[32:], mixes[1]["labels"].numpy()[:3])
    assert songs == [["song"] if target.any() else [] for target in targets] and [] in songs
