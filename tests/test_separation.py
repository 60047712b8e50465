"""Mixtures with multi-labelled segments, the two networks, inference on whole songs."""

import numpy as np
import pandas as pd
import pytest
import torch
from openunmix.model import OpenUnmix

from stages.pipeline.checkpoints import write_weights
from stages.pipeline.errors import InputError
from stages.separation.inference import overlap_add, separate
from stages.separation.mixtures import TrainingMixtures
from stages.separation.networks import NETWORKS, load_separator, network_named, network_settings
from stages.separation.training import train_separator
from stages.separation.xumx import XUMX, filtered_estimates
from stages.stems import CLASSES
from stages.stems.audio import write_audio
from stages.stems.segments import ARM_COLUMNS, read_segment

RATE = 8000
SECONDS = 1.0


@pytest.fixture(autouse=True)
def one_thread():
    """Tiny networks spend more on waiting for each other's threads than on arithmetic."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def small(params):
    """Parameters of tiny networks at 8 kHz."""
    xumx = params.separation.xumx.model_copy(
        update={"hidden": 32, "fft": 512, "hop": 256, "bandwidth": 4000.0, "steps": 60, "batch": 4}
    )
    hdemucs = params.separation.hdemucs.model_copy(update={"channels": 4, "steps": 60, "batch": 2})
    separation = params.separation.model_copy(update={"xumx": xumx, "hdemucs": hdemucs, "multi_label_probability": 0.5})
    return params.model_copy(update={
        "separation": separation, "stems": params.stems.model_copy(update={"rate": RATE}),
        "compute": params.compute.model_copy(update={"device": "cpu", "threads": 1, "workers": 0}),
    })  # fmt: skip


@pytest.fixture
def arm(tmp_path):
    """An arm of three songs (the last one for validation) of four segments each, and its root.

    Stems are tones, an octave apart. The first segment of bass is labelled bass and drums, that of other has three
    labels, the second of other all four, and the third of drums none.
    """
    rows = []
    frames = round(SECONDS * RATE)
    time = np.arange(4 * frames) / RATE
    special = {("bass", 0): ["bass", "drums"], ("other", 0): ["vocals", "bass", "other"], ("other", 1): CLASSES,
               ("drums", 2): []}  # fmt: skip
    for song in range(3):
        for index, stem in enumerate(CLASSES):
            path = f"train/song{song}/{stem}.wav"
            wave = 0.1 * np.sin(2 * np.pi * (110 * 3**index + 5 * song) * time) * (1 + 0.3 * np.sin(2 * np.pi * time))
            write_audio(tmp_path / path, np.stack([wave, 0.7 * wave]).astype(np.float32), RATE)
            for segment in range(4):
                labels = [int(c in special.get((stem, segment), [stem])) for c in CLASSES]
                bounds = [segment * frames, (segment + 1) * frames]
                split = "valid" if song == 2 else "train"
                rows.append([f"song{song}", split, stem, path, *bounds, -20.0, *labels, *labels, *[None] * 4])
    return pd.DataFrame(rows, columns=ARM_COLUMNS), tmp_path


def mixtures(arm, params, name="psi_noisy", **updates):
    table, root = arm
    return TrainingMixtures(name, table, root, params.model_copy(update=updates), params.separation.xumx)


def with_probability(params, probability):
    return params.separation.model_copy(update={"multi_label_probability": probability})


def test_batches_depend_on_seed_and_step_alone(arm, small):
    first, again, other = mixtures(arm, small), mixtures(arm, small), mixtures(arm, small, seed=1)
    first[3]  # reading another step changes nothing
    for key in ("mixture", "targets", "groups"):
        assert torch.equal(first[7][key], again[7][key])
    assert not torch.equal(first[7]["mixture"], first[8]["mixture"])
    assert not torch.equal(first[7]["mixture"], other[7]["mixture"])


def test_validation_mixtures_depend_on_neither_seed_nor_batch(arm, small):
    def held_out(params, **updates):
        settings = params.separation.xumx.model_copy(update=updates)
        return TrainingMixtures("psi_noisy", *arm, params, settings, split="valid")

    first, other = held_out(small), held_out(small.model_copy(update={"seed": 1}), batch=3)
    for key in ("mixture", "targets", "groups"):
        assert torch.equal(first[7][key], other[7][key])
    assert not torch.equal(first[7]["mixture"], first[8]["mixture"])
    assert {song for songs in first[7]["songs"] for song in songs} == {"song2"}
    assert not torch.equal(first[7]["mixture"], mixtures(arm, small)[7]["mixture"])


def test_every_mixture_holds_each_class_once_and_is_the_sum_of_its_targets(arm, small):
    data = mixtures(arm, small)
    sizes = set()
    for step in range(20):
        batch = data[step]
        assert batch["mixture"].shape == (4, 2, RATE) and batch["targets"].shape == (4, 4, 2, RATE)
        assert torch.equal(batch["mixture"], batch["targets"].sum(dim=1))
        assert len(batch["songs"]) == 4 and all(set(songs) <= {"song0", "song1"} and songs for songs in batch["songs"])
        assert (batch["groups"].sum(dim=1) == 1).all()
        used = batch["groups"].amax(dim=2) == 1
        assert torch.equal(used, batch["targets"].abs().amax(dim=(2, 3)) > 0)
        first = batch["groups"].argmax(dim=2)[used]
        assert torch.equal(first, used.nonzero()[:, 1])  # a member is in the slot of its first class
        sizes |= set(batch["groups"].sum(dim=2).flatten().int().tolist())
    assert sizes == {0, 1, 2, 3}  # never a segment with all four labels


@pytest.mark.parametrize(("probability", "expected"), [(0.0, 0.0), (0.3, 0.3), (1.0, 1.0)])
def test_multi_labelled_segments_come_with_their_probability(arm, small, probability, expected):
    data = mixtures(arm, small, separation=with_probability(small, probability))
    shares = [(data[step]["groups"].sum(dim=2) > 1).any(dim=1).float().mean() for step in range(60)]
    assert torch.stack(shares).mean() == pytest.approx(expected, abs=0.08)


def test_gain_and_channel_swap_stay_in_range(arm, small):
    data = mixtures(arm, small, separation=with_probability(small, 0.0))
    peaks = torch.cat([data[step]["targets"].abs().amax(dim=3) for step in range(20)])  # (examples, 4, 2)
    assert peaks.amax(dim=2).min() > 0.02 and peaks.max() <= 0.1 * 1.3 * 1.25 + 1e-3
    swapped = (peaks[..., 0] < peaks[..., 1]).float().mean()
    assert 0.3 < swapped < 0.7


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("psi_noisy", "no single-labelled bass segment in arm psi_noisy at threshold 0.5"),
        ("noisy", "no single-labelled bass segment in arm noisy"),
    ],
)
def test_an_empty_pool_is_one_line(arm, small, name, message):
    table, root = arm
    table = table[(table["bass"] == 0) | (table["drums"] == 1)]
    with pytest.raises(InputError) as error:
        TrainingMixtures(name, table, root, small, small.separation.xumx)
    assert str(error.value) == message


def test_one_source_xumx_is_openunmix_bit_for_bit(small):
    torch.manual_seed(0)
    settings = small.separation.xumx.model_copy(update={"bandwidth": 3000.0})
    rng = np.random.default_rng(0)
    mean, scale = rng.uniform(0, 1, 257), rng.uniform(0.5, 1, 257)
    model = XUMX(settings, RATE, sources=("vocals",), mean=mean, scale=scale)
    reference = OpenUnmix(257, 2, settings.hidden, max_bin=193, input_mean=mean, input_scale=scale)
    reference.load_state_dict(model.trunks["vocals"].state_dict())
    mixture = torch.rand(3, 2, RATE) - 0.5
    for mode in (True, False):  # batch statistics, dropout and all; then running statistics
        torch.manual_seed(1)
        ours = model.train(mode)(mixture)
        torch.manual_seed(1)
        theirs = reference.train(mode)(ours.mixture.abs())
        assert torch.equal(ours.magnitudes[:, 0], theirs)
    assert theirs.abs().max() > 0


def test_crossings_are_means_over_the_sources(small):
    torch.manual_seed(0)
    model = XUMX(small.separation.xumx, RATE).eval()
    twin = XUMX(small.separation.xumx, RATE, sources=("vocals",)).eval()
    for trunk in model.trunks.values():
        trunk.load_state_dict(twin.trunks["vocals"].state_dict())
    mixture = torch.rand(1, 2, RATE) - 0.5
    masks = model(mixture).masks
    torch.testing.assert_close(masks, twin(mixture).masks.expand_as(masks))  # four equal trunks: the mean is each
    with torch.no_grad():
        model.trunks["bass"].fc1.weight.zero_()
    changed = model(mixture).masks
    assert all(not torch.allclose(changed[:, k], masks[:, k]) for k in range(4))  # one input reaches every source


@pytest.mark.parametrize("network", list(NETWORKS))
def test_overfits_one_batch(arm, small, network):
    torch.manual_seed(0)
    data = TrainingMixtures("psi_noisy", *arm, small, network_settings(network, small))
    chosen, batch = network_named(network), data[0]
    assert (batch["groups"].sum(dim=2) > 1).any()  # with a multi-labelled segment in it
    model = chosen.build(small, data).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3 if network == "xumx" else 1e-2)
    losses = []
    for _ in range(60):
        loss = chosen.loss(model, batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        losses.append(loss.item())
    # The weighted SDR is -1 at best, so X-UMX's loss tends to -10.
    assert losses[-1] < (-9 if network == "xumx" else 0.3 * losses[0])


@pytest.mark.parametrize("network", list(NETWORKS))
def test_trains_saves_loads_and_separates(arm, small, network, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = network_settings(network, small).model_copy(update={"steps": 2, "batch": 2})
    small = small.model_copy(update={"separation": small.separation.model_copy(update={network: settings})})
    model, curves = train_separator(network, "psi_noisy", *arm, small, name=f"{network}/test", fingerprint="")
    assert curves.points[-1].step == 2 and np.isfinite(curves.points[-1].validation)
    path = tmp_path / "model.safetensors"
    write_weights(model, path)
    loaded = load_separator(path, network, small)
    mixture = np.random.default_rng(0).normal(size=(2, 7 * RATE + 123)).astype(np.float32) * 0.1
    estimates = separate(loaded, network, mixture, small)
    assert estimates.shape == (4, *mixture.shape) and estimates.dtype == np.float32
    assert np.isfinite(estimates).all()
    assert np.array_equal(estimates, separate(model, network, mixture, small))
    larger = settings.model_copy(update={"hidden": 48} if network == "xumx" else {"channels": 8})
    other = small.model_copy(update={"separation": small.separation.model_copy(update={network: larger})})
    with pytest.raises(InputError, match="model.safetensors"):
        load_separator(path, network, other)


def test_no_validation_loss_where_the_validation_songs_lack_a_class(arm, small, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    table, root = arm
    table = table[(table["split"] == "train") | (table["drums"] == 0)]
    settings = small.separation.xumx.model_copy(update={"steps": 1, "batch": 2})
    small = small.model_copy(update={"separation": small.separation.model_copy(update={"xumx": settings})})
    _, curves = train_separator("xumx", "noisy", table, root, small, name="xumx/test", fingerprint="")
    assert curves.points[-1].validation is None
    assert "no single-labelled drums segment in arm noisy (valid split)" in capsys.readouterr().err


def test_unknown_network_is_one_line():
    with pytest.raises(InputError) as error:
        network_named("x")
    assert str(error.value) == 'unknown network "x": expected one of xumx, hdemucs'


@pytest.mark.parametrize("frames", [1, 700, 1000, 1750, 1751, 5000])
def test_overlapping_chunks_add_up_to_the_whole(frames):
    mixture = torch.rand(2, frames)
    factors = torch.tensor([1.0, 2, 3, 4])[:, None, None]
    seen = []

    def estimate(chunk):
        seen.append(chunk.shape)
        return factors * chunk

    result = overlap_add(estimate, mixture, chunk=1000)
    assert set(seen) == {(2, 1000)}
    torch.testing.assert_close(result, factors * mixture, rtol=0, atol=1e-6)


def test_a_damaged_validation_file_stops_the_training(arm, small):
    table, root = arm
    for path in set(table.loc[table["split"] == "valid", "path"]):
        (root / path).write_bytes(b"RIFF")
    with pytest.raises(InputError, match="expected a readable WAV file"):
        train_separator("xumx", "noisy", table, root, small, name="xumx/damaged", fingerprint="")


def test_stems_get_gains_and_swapped_channels_and_nothing_else(arm, small):
    """Each target is a segment of its arm, times a gain, its channels perhaps swapped; Open-Unmix's augmentation."""
    table, root = arm
    segments = np.stack([read_segment(root, *row) for row in table[["path", "start", "stop"]].itertuples(index=False)])
    candidates = np.concatenate([segments, segments[:, ::-1]]).reshape(2 * len(segments), -1)
    energies = np.square(candidates).sum(axis=1)
    gains, swapped = [], []
    for step in range(20):
        batch = mixtures(arm, small)[step]["targets"].numpy()
        for target in batch.reshape(16, -1):
            if target.any():
                factors = candidates @ target / energies
                errors = [np.abs(factor * one - target).max() for factor, one in zip(factors, candidates, strict=True)]
                best = int(np.argmin(errors))
                assert errors[best] < 1e-5
                gains.append(factors[best])
                swapped.append(best >= len(segments))
    assert 0.25 <= min(gains) < 0.35 and 1.15 < max(gains) <= 1.25
    assert np.mean(swapped) == pytest.approx(0.5, abs=0.1)


def test_an_untrained_xumx_gives_each_source_an_equal_share(small):
    model = XUMX(small.separation.xumx, RATE)
    assert all((trunk.output_mean == 1 / 4).all() for trunk in model.trunks.values())


def test_xumx_scales_its_input_by_the_statistics_of_its_mixtures(arm, small):
    data = mixtures(arm, small)
    settings, window = small.separation.xumx, torch.hann_window(512)
    audio = torch.cat([data[step]["mixture"] for step in range(4)])
    spectra = torch.stft(audio.flatten(0, 1), 512, 256, window=window, return_complex=True).abs()
    frames = spectra.unflatten(0, (-1, 2)).mean(dim=1).transpose(1, 2).flatten(0, 1).numpy()
    trunk = NETWORKS["xumx"].build(small, data).trunks["bass"]
    bins = int(settings.bandwidth * 512 / RATE) + 1
    deviation = frames.std(axis=0)
    np.testing.assert_allclose(-trunk.input_mean.detach(), frames.mean(axis=0)[:bins], rtol=1e-3, atol=1e-5)
    expected = 1 / np.maximum(deviation, 1e-4 * deviation.max())[:bins]
    np.testing.assert_allclose(trunk.input_scale.detach(), expected, rtol=1e-3)


@pytest.mark.parametrize("cac", [True, False])
def test_hybrid_demucs_predicts_what_the_parameters_say(small, cac):
    settings = small.separation.hdemucs.model_copy(update={"cac": cac})
    separation = small.separation.model_copy(update={"hdemucs": settings})
    model = NETWORKS["hdemucs"].build(small.model_copy(update={"separation": separation}), None)
    assert model.cac is cac


def test_the_wiener_filter_is_open_unmixs_source_by_source(small):
    """All of one stereo mixture in the masks of a single class: no filter may give it to another."""
    model = XUMX(small.separation.xumx, RATE)
    mixture = torch.randn(1, 2, RATE, generator=torch.Generator().manual_seed(0))
    shares = torch.tensor([0.0, 0.7, 0.3, 0.0])[None, :, None, None, None]
    model.masks = lambda magnitude: shares.expand(1, 4, *magnitude.shape[1:])
    masked, filtered = (filtered_estimates(model, mixture, iterations) for iterations in (0, 1))
    torch.testing.assert_close(masked, shares[..., 0] * mixture[:, None], atol=1e-4, rtol=1e-3)
    energies = filtered.square().mean(dim=(0, 2, 3))
    assert energies[1] > energies[2] > 100 * energies[[0, 3]].max()
    torch.testing.assert_close(filtered.sum(dim=1), mixture, atol=1e-2, rtol=1e-2)
    assert (filtered - masked).abs().max() > 1e-3
