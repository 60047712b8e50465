"""Labels beyond the five arms: exact counts, adaptive thresholds by hand, and who may look at the truth."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import run_stage_here

from stages.pipeline.params import load_params
from stages.recognition.mixing import RandomMixes
from stages.recognition.prediction import predict
from stages.separation.networks import load_separator
from stages.stems import CLASSES
from stages.stems.segments import ARM_COLUMNS, LABELS, PROBABILITIES, TRUTHS, read_arm, stem_root, write_arm
from stages.variants.labels import (
    add_labels,
    agreed_only,
    best_thresholds,
    from_truth,
    remove_labels,
    single_labelled_only,
    true_labels,
)
from stages.variants.levels import Levels
from stages.variants.names import TRUTH_VARIANTS, VARIANTS


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """300 segments with nominal labels and some truth; every tenth is silent."""
    random = np.random.default_rng(4)
    rows = []
    for number in range(300):
        nominal = number % 4
        truth = (random.random(4) < 0.3).astype(int)
        truth[nominal] |= not truth.any()
        silent = number % 10 == 0
        given = np.eye(4, dtype=int)[nominal] * (not silent)
        where = ["song", "train", CLASSES[nominal], f"train/song/{number}.wav", 0, 10, -90.0 if silent else -20.0]
        rows.append([*where, *map(float, given), *given, *(truth * (not silent))])
    return pd.DataFrame(rows, columns=ARM_COLUMNS)


def labels_of(table: pd.DataFrame) -> np.ndarray:
    return table[LABELS].to_numpy(int)


def test_the_oracle_is_the_truth_of_audible_segments(table):
    found = true_labels(table)
    assert (labels_of(found) == table[TRUTHS].to_numpy(int)).all()
    assert not labels_of(found)[::10].any()
    unchanged = [column for column in ARM_COLUMNS if column not in LABELS]
    pd.testing.assert_frame_equal(found[unchanged], table[unchanged])


@pytest.mark.parametrize("rate", [10, 20, 40])
def test_as_many_labels_are_removed_as_added_and_none_else_changes(table, rate):
    truth = labels_of(true_labels(table))
    count = round(rate / 100 * truth.sum())
    removed, added = (labels_of(change(table, rate, seed=0)) for change in (remove_labels, add_labels))
    assert ((truth == 1) & (removed == 0)).sum() == count and (removed <= truth).all()
    assert ((truth == 0) & (added == 1)).sum() == count and (added >= truth).all()
    assert not added[::10].any()  # the silent ones


@pytest.mark.parametrize("change", [remove_labels, add_labels])
def test_wrong_labels_are_nested_and_follow_the_seed(table, change):
    truth = labels_of(true_labels(table))
    few, many, again, other = (
        labels_of(change(table, rate, seed)) != truth for rate, seed in ((10, 0), (40, 0), (40, 0), (40, 1))
    )
    assert (few <= many).all() and (many == again).all() and (many != other).any()


def test_single_labelled_segments_alone_keep_their_labels(table):
    both = add_labels(table, 40, seed=0)
    counts = labels_of(both).sum(axis=1)
    found = labels_of(single_labelled_only(both))
    assert (found[counts == 1] == labels_of(both)[counts == 1]).all()
    assert (counts > 1).any() and not found[counts != 1].any()


def test_filtering_keeps_the_nominal_label_where_the_refined_ones_are_no_others(table):
    refined = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 0, 0]])
    arm = table[1:6].assign(stem=["vocals", "bass", "drums", "other", "vocals"], **dict(zip(LABELS, refined.T)))
    assert (labels_of(agreed_only(arm)) == refined * [[1], [1], [0], [0], [0]]).all()


def test_a_filter_that_knows_the_truth_leaves_what_holds_its_label_alone(table):
    found = labels_of(from_truth(table, "filtered_by_truth", seed=0))
    nominal = (table["stem"].to_numpy()[:, None] == np.array(CLASSES)).astype(int)
    right = (table[TRUTHS].to_numpy(int) == nominal).all(axis=1)
    assert 0 < right.sum() < len(table) and (found == nominal * right[:, None]).all()


def test_a_separators_levels_are_the_logits_of_shares(params):
    """Estimates of 3, 4, 12 and 0 times the mixture: 3, 4, 12 of 13 by RMS, and as good as nothing."""
    audio = torch.randn(2, 2, 50)
    model = Levels(torch.nn.Identity(), "hdemucs", params)  # its estimate is what the network returns
    model.separator.forward = lambda mixtures: mixtures[:, None] * torch.tensor([3.0, -4, 12, 0])[:, None, None]
    assert model(audio).sigmoid().numpy() == pytest.approx(np.tile([3 / 13, 4 / 13, 12 / 13, 0], (2, 1)), abs=2e-6)
    assert torch.isfinite(model(torch.zeros_like(audio))).all()


def test_labels_by_a_separator_need_neither_classifier_nor_truth(project):
    run_stage_here("train_separator", "xumx-noisy")
    for name in ("data/probabilities", "models/classifier"):
        shutil.rmtree(name, ignore_errors=True)
    run_stage_here("label_by_separator")
    first = read_arm(Path("data/arms/by_separator.csv"))
    heard = first[PROBABILITIES].to_numpy()
    audible = (heard > 0).any(axis=1)
    assert np.square(heard[audible]).sum(axis=1) == pytest.approx(1.0, abs=1e-3) and not heard[~audible].any()
    params = load_params()
    separator = Levels(load_separator(Path("models/separator/xumx-noisy.safetensors"), "xumx", params), "xumx", params)
    assert heard == pytest.approx(predict(separator, first, stem_root("noisy"), params), abs=1e-4)
    content = json.loads(Path("metrics/label_variant/by_separator.json").read_text())
    assert (labels_of(first) == (heard >= content["threshold"]) * audible[:, None]).all()
    noisy = read_arm(Path("data/arms/noisy.csv"))
    write_arm(noisy.assign(**dict(zip(TRUTHS, 1 - noisy[TRUTHS].to_numpy(int).T))), Path("data/arms/noisy.csv"))
    run_stage_here("label_by_separator")
    assert (labels_of(first) == labels_of(read_arm(Path("data/arms/by_separator.csv")))).all()


def test_best_thresholds_of_a_worked_example():
    probabilities = np.array(
        [[0.95, 0.30, 0.5, 0.2], [0.80, 0.20, 0.5, 0.4], [0.60, 0.10, 0.5, 0.6], [0.1, 0.05, 0.5, 0.8]]
    )
    targets = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    # vocals: only above 0.60 and up to 0.80 are both found and nothing else; the lowest such threshold is taken
    assert best_thresholds(probabilities, targets) == pytest.approx([0.61, 0.11, 0.01, 0.61])


@pytest.mark.parametrize("variant", VARIANTS)
def test_only_the_oracle_and_its_kin_can_reach_the_truth(refined, variant):
    run_stage_here("label_variant", variant)
    first = labels_of(read_arm(Path(f"data/arms/{variant}.csv")))
    arms = [f"data/arms/{name}.csv" for name in ("noisy", "psi_noisy", "psi_refined")]
    for name in (*arms, "data/probabilities/psi_refined.csv"):
        arm = read_arm(Path(name))
        audible = (arm[PROBABILITIES] > 0).any(axis=1).to_numpy()[:, None]
        write_arm(arm.assign(**dict(zip(TRUTHS, (audible * (1 - arm[TRUTHS].to_numpy(int))).T))), Path(name))
    run_stage_here("label_variant", variant)
    second = labels_of(read_arm(Path(f"data/arms/{variant}.csv")))
    assert (first != second).any() == (variant in TRUTH_VARIANTS)


def test_the_truth_is_blanked_before_labels_are_made(refined, monkeypatch):
    import stages.label_variant as stage

    seen = []
    for name in ("apply_threshold", "single_labelled_only", "agreed_only"):
        original = getattr(stage, name)

        def spy(table, original=original, **more):
            seen.append(table[TRUTHS].isna().to_numpy().all())
            return original(table, **more)

        monkeypatch.setattr(stage, name, spy)
    for variant in ("threshold_0.9", "adaptive", "single_only", "filtered_by_psi_noisy"):
        stage.main(variant, load_params())
    assert seen == [True] * 4


def test_filtering_is_by_the_arm_of_that_name(refined):
    """psi_noisy has the nominal labels here, so all of them stay; psi_refined has others."""
    for name in ("psi_noisy", "psi_refined"):
        run_stage_here("label_variant", f"filtered_by_{name}")
    nominal = labels_of(read_arm(Path("data/arms/noisy.csv")))
    kept = [labels_of(read_arm(Path(f"data/arms/filtered_by_{name}.csv"))) for name in ("psi_noisy", "psi_refined")]
    assert (kept[0] == nominal).all() and (kept[1] <= nominal).all() and (kept[1] != nominal).any()


def test_variants_of_refined_labels_are_made_of_what_the_refined_classifier_says(refined, monkeypatch):
    import stages.label_variant as stage

    splits = []
    monkeypatch.setattr(
        stage, "RandomMixes", lambda *given, split: splits.append(split) or RandomMixes(*given, split=split)
    )
    for variant in ("threshold_0.25", "threshold_0.9", "adaptive", "single_only"):
        stage.main(variant, load_params())
    assert splits == ["valid"]  # adaptive thresholds are chosen on held-out songs
    found = {path.stem: labels_of(read_arm(path)) for path in Path("data/arms").iterdir()}
    heard = read_arm(Path("data/probabilities/psi_refined.csv"))[PROBABILITIES].to_numpy()
    for threshold in (0.25, 0.9):
        assert (found[f"threshold_{threshold}"] == ((heard >= threshold) & (heard > 0))).all()
    thresholds = json.loads(Path("metrics/label_variant/adaptive.json").read_text())["threshold"]
    assert (found["adaptive"] == ((heard >= thresholds) & (heard > 0))).all()
    alone = found["psi_refined"].sum(axis=1, keepdims=True) == 1
    assert (found["single_only"] == found["psi_refined"] * alone).all()


def test_every_separator_variant_trains_and_is_scored(refined):
    shutil.copy("data/arms/noisy.csv", "data/arms/psi_refined.csv")  # an untrained Ψ gives no usable labels
    for variant in ("oracle", "single_only"):
        run_stage_here("label_variant", variant)
        run_stage_here("train_variant", f"xumx-{variant}")
    run_stage_here("train_variant", "hdemucs-oracle")
    run_stage_here("fine_tune_separator")
    assert logged_steps("xumx/fine_tuned/seed0") == "1" != logged_steps("xumx/single_only/seed0")
    for item in ("xumx-oracle", "xumx-fine_tuned", "hdemucs-oracle"):
        run_stage_here("score_variant", item)
        assert json.loads(Path(f"metrics/score_separator/{item}.json").read_text())["songs"] == 2
    weights = [Path(f"models/separator/xumx-{name}.safetensors").read_bytes() for name in ("single_only", "fine_tuned")]
    assert weights[0] != weights[1]


def logged_steps(run: str) -> str:
    """`separation.xumx.steps` of a training's MLflow run."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{Path.cwd()}/mlflow.db")
    found = client.search_runs([client.get_experiment_by_name("train_separator").experiment_id])
    return next(each.data.params["separation/xumx/steps"] for each in found if each.info.run_name == run)


def test_fine_tuning_draws_no_mixture_of_the_first_training(refined, monkeypatch, capsys):
    """And needs no held-out segment of each class, as no training of a separator does."""
    import stages.fine_tune_separator as stage

    params, seen = load_params(), {}

    def fit(model, _, batches, **more):
        seen.update(more, model=model, batches=batches)
        raise ZeroDivisionError

    monkeypatch.setattr(stage, "fit", fit)
    shutil.copy("data/arms/noisy.csv", "data/arms/psi_refined.csv")
    run_stage_here("label_variant", "single_only")
    run_stage_here("train_variant", "xumx-single_only")
    arm = read_arm(Path("data/arms/psi_refined.csv"))
    write_arm(arm.assign(drums=arm["drums"].where(arm["split"] == "train", 0)), Path("data/arms/psi_refined.csv"))
    with pytest.raises(ZeroDivisionError):
        stage.main(params)
    assert seen["validate"] is None
    assert "xumx/fine_tuned/seed0: no validation loss: no single-labelled drums segment" in capsys.readouterr().err
    learned = load_separator(Path("models/separator/xumx-single_only.safetensors"), "xumx", params).state_dict()
    assert all(torch.equal(value, learned[name]) for name, value in seen["model"].state_dict().items())
    assert seen["settings"].learning_rate == pytest.approx(params.separation.xumx.learning_rate / 3)
    further = seen["batches"]
    first = stage.TrainingMixtures.__getitem__
    assert (further[0]["mixture"] == first(further, params.separation.xumx.steps)["mixture"]).all()
    assert (further[0]["mixture"] != first(further, 0)["mixture"]).any()


def test_a_further_round_learns_the_labels_of_the_one_before(refined):
    shutil.copy("data/arms/noisy.csv", "data/arms/psi_refined.csv")
    run_stage_here("refine_again", "round_2")
    assert Path("models/classifier/round_2.safetensors").exists()
    assert json.loads(Path("metrics/refine_labels/round_2.json").read_text())["label_quality"]
    assert json.loads(Path("metrics/score_classifier/round_2.json").read_text())["multi"]
    with pytest.raises(SystemExit, match=r"data/arms/round_2\.csv|no \w+ segment"):
        Path("data/arms/round_2.csv").unlink()
        run_stage_here("refine_again", "round_3")


def test_recorded_noise_has_no_oracle(refined):
    noisy = read_arm(Path("data/arms/noisy.csv"))
    write_arm(noisy.assign(**dict.fromkeys(TRUTHS, np.nan)), Path("data/arms/noisy.csv"))
    with pytest.raises(SystemExit, match="oracle needs the truth of every segment"):
        run_stage_here("label_variant", "oracle")
    assert not Path("data/arms/oracle.csv").exists()


def test_an_unknown_variant_is_one_line(refined):
    with pytest.raises(SystemExit, match="label_variant: expected one of oracle"):
        run_stage_here("label_variant", "best")
    with pytest.raises(SystemExit, match="train_separator: expected one of xumx-clean"):
        run_stage_here("train_separator", "xumx-best")


def test_variants_of_the_truth_are_told_apart(table):
    found = {variant: labels_of(from_truth(table, variant, 0)).sum() for variant in TRUTH_VARIANTS}
    assert found["removed_40"] < found["removed_10"] < found["oracle"] < found["added_10"] < found["added_40"]


@pytest.fixture
def refined(project) -> Path:
    """A project that also has what Ψ_refined would have left (here Ψ_clean's, untrained)."""
    for source, target in (
        ("data/probabilities/psi_clean.csv", "data/probabilities/psi_refined.csv"),
        ("data/arms/psi_clean.csv", "data/arms/psi_refined.csv"),
        ("data/arms/noisy.csv", "data/arms/psi_noisy.csv"),
        ("models/classifier/clean.safetensors", "models/classifier/refined.safetensors"),
    ):
        shutil.copy(source, target)
    return project
