"""What holds for every stem set, table and seed, sought to be broken by hypothesis."""

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stages.refinement.thresholds import apply_threshold
from stages.scoring.sdr import frame_sdr, track_sdr
from stages.separation import mixtures
from stages.separation.losses import SUBSETS, whole_subsets
from stages.stems import CLASSES
from stages.stems.corruption import corrupted_stems, corruption_generator
from stages.stems.manifest import Part
from stages.stems.segments import ARM_COLUMNS, LABELS, PROBABILITIES, true_classes

SEEDS = st.integers(0, 2**31)
LABEL_ROWS = st.lists(st.lists(st.integers(0, 1), min_size=4, max_size=4), min_size=1, max_size=30)
quick = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def arm_of(labels: list[list[int]], probabilities=None, level=-20.0) -> pd.DataFrame:
    """A table with a row for each set of labels."""
    rows = [
        ["song", "train", "other", f"{i}.wav", 0, 8, level, *(probabilities or labels)[i], *row, *[None] * 4]
        for i, row in enumerate(labels)
    ]
    return pd.DataFrame(rows, columns=ARM_COLUMNS)


@quick
@given(classes=st.lists(st.sampled_from(CLASSES), min_size=1, max_size=12), seed=SEEDS, flip=st.floats(0, 1))
def test_corruption_loses_and_doubles_no_source(params, classes, seed, flip):
    parts = [Part(f"source{i}", c) for i, c in enumerate(classes)]
    rates = params.corruption.flip_rate.model_copy(update=dict.fromkeys(CLASSES, flip))
    noise = params.corruption.model_copy(update={"flip_rate": rates})
    stems = corrupted_stems(parts, noise, corruption_generator(seed, "song"))
    assert list(stems) == list(CLASSES)
    assert sorted(part.name for held in stems.values() for part in held) == sorted(part.name for part in parts)
    if flip == 0:
        assert all(part.cls == stem for stem, held in stems.items() for part in held)
    if flip == 1:
        assert all(part.cls != stem for stem, held in stems.items() for part in held)


@quick
@given(labels=LABEL_ROWS, seed=SEEDS, step=st.integers(0, 10_000), probability=st.floats(0, 1))
def test_a_mixture_holds_every_class_exactly_once(params, monkeypatch, labels, seed, step, probability):
    def segment(_, path: str, start: int, stop: int) -> np.ndarray:
        return np.random.default_rng(int(path.removesuffix(".wav"))).uniform(-1, 1, (2, stop - start)).astype("f4")

    monkeypatch.setattr(mixtures, "read_segment", segment)
    table = arm_of(labels + np.eye(4, dtype=int).tolist())  # each class has a single-labelled segment
    separation = params.separation.model_copy(update={"multi_label_probability": probability})
    drawn = params.model_copy(update={"seed": seed, "separation": separation})
    data = mixtures.TrainingMixtures("psi_noisy", table, ".", drawn, params.separation.xumx)
    batch = data[step]
    groups, targets = batch["groups"].numpy(), batch["targets"].numpy()
    assert (groups.sum(axis=1) == 1).all()
    assert np.allclose(batch["mixture"].numpy(), targets.sum(axis=1), atol=1e-6)
    used = groups.any(axis=2)
    assert not targets[~used].any() and targets[used].any(axis=(1, 2)).all()
    assert (groups.sum(axis=2).max(axis=1) < 4).all()
    assert (whole_subsets(batch["groups"]).sum(dim=1) == 2 ** used.sum(axis=1) - 2).all()


@given(
    probabilities=st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=1, max_size=20),
    low=st.floats(0, 1),
    high=st.floats(0, 1),
)
def test_a_higher_threshold_only_takes_labels_away(probabilities, low, high):
    table = arm_of([[0] * 4] * len(probabilities), probabilities)
    low, high = sorted((low, high))
    few, many = (apply_threshold(table, threshold)[LABELS].to_numpy() for threshold in (high, low))
    assert (few <= many).all()
    assert (few <= (table[PROBABILITIES].to_numpy() >= high)).all()


@given(energies=st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=1, max_size=20))
def test_truth_always_holds_the_loudest_class_that_can_be_heard(energies):
    energies = np.array(energies)
    truth = true_classes(energies, silence_db=-50.0, audible_db=-30.0)
    heard = energies.max(axis=1) >= 1e-5
    assert (truth[np.arange(len(truth)), energies.argmax(axis=1)] == heard).all()
    assert not truth[energies < 1e-5].any()


@quick
@given(seed=SEEDS, gain=st.floats(1, 100), error=st.floats(0.1, 10))
def test_sdr_depends_on_the_ratio_alone(seed, gain, error):
    rng = np.random.default_rng(seed)
    references = rng.uniform(-1, 1, (4, 2, 400))
    estimates = references + error * rng.uniform(-1, 1, references.shape)
    for measure in (lambda a, b: frame_sdr(a, b, 100), track_sdr):
        plain = measure(references, estimates)
        assert np.allclose(measure(gain * references, gain * estimates), plain, atol=1e-6)
        order = rng.permutation(4)
        assert np.allclose(measure(references[order], estimates[order]), plain[order])
        worse = references + 2 * (estimates - references)
        assert np.allclose(plain - measure(references, worse), 20 * np.log10(2), atol=1e-6)


def test_there_are_14_subsets():
    assert len({tuple(row) for row in SUBSETS.tolist()}) == 14
