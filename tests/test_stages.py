"""What each stage reads, and where it puts it: the right arm, weights and inputs, which no unit of it knows."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import run_stage_here

from stages.pipeline.checkpoints import write_weights
from stages.pipeline.params import load_params
from stages.recognition.model import InstrumentClassifier, load_classifier
from stages.recognition.prediction import predict
from stages.scoring.classification import scores, single_label_inputs, threshold_curve
from stages.scoring.songs import score_test_songs
from stages.stems import CLASSES
from stages.stems.manifest import read_manifest
from stages.stems.segments import LABELS, PROBABILITIES, REFINED_ARMS, TRUTHS, read_arm, stem_root, write_arm

TRAININGS = ("clean", "noisy", "refined")


@pytest.fixture
def classifiers(project) -> None:
    """Three untrained classifiers, no two alike."""
    params = load_params()
    for seed, training in enumerate(TRAININGS):
        torch.manual_seed(seed)
        model = InstrumentClassifier(params.classifier, params.stems.rate)
        write_weights(model, Path(f"models/classifier/{training}.safetensors"))


@pytest.mark.parametrize(
    ("training", "arm", "stems"),
    [("clean", "clean", "clean"), ("noisy", "noisy", "noisy"), ("refined", "psi_noisy", "noisy")],
)
def test_each_classifier_learns_the_labels_of_its_arm(project, monkeypatch, training, arm, stems):
    import stages.train_classifier as stage

    seen = []
    monkeypatch.setattr(stage, "train_classifier", lambda *given, **_: seen.extend(given) or 1 / 0)
    noisy = read_arm(Path("data/arms/noisy.csv"))
    write_arm(noisy.assign(vocals=1 - noisy["vocals"]), Path("data/arms/psi_noisy.csv"))
    with pytest.raises(ZeroDivisionError):
        stage.main(training, load_params())
    assert seen[0] == arm and seen[2] == Path("data/stems") / stems
    pd.testing.assert_frame_equal(seen[1], read_arm(Path(f"data/arms/{arm}.csv")))


@pytest.mark.parametrize("arm", REFINED_ARMS)
def test_each_arm_is_heard_by_its_own_classifier(classifiers, arm):
    run_stage_here("predict_segments", arm)
    found = read_arm(Path(f"data/probabilities/{arm}.csv"))
    params, noisy = load_params(), read_arm(Path("data/arms/noisy.csv"))
    model = load_classifier(Path(f"models/classifier/{arm.removeprefix('psi_')}.safetensors"), params)
    wanted = predict(model, noisy, stem_root("noisy"), params)
    assert found[PROBABILITIES].to_numpy() == pytest.approx(wanted, abs=1e-4)
    pd.testing.assert_frame_equal(found.drop(columns=PROBABILITIES), noisy.drop(columns=PROBABILITIES))


@pytest.mark.parametrize("training", TRAININGS)
def test_table_1_is_of_the_decisions_beside_it(classifiers, training):
    """Single stems and mixes are not mixed up, and the threshold curves are of single stems."""
    run_stage_here("score_classifier", training)
    decisions = pd.read_csv(f"scores/classifier/{training}.csv")
    metrics = json.loads(Path(f"metrics/score_classifier/{training}.json").read_text())
    heard = {}
    for inputs, rows in decisions.groupby("inputs"):
        heard[inputs] = rows[PROBABILITIES].to_numpy(), rows[TRUTHS].to_numpy()
        assert metrics[inputs] == scores(*heard[inputs], metrics["threshold"])
    assert (heard["single"][1].sum(axis=1) == 1).all() and (heard["multi"][1].sum(axis=1) > 1).any()
    files = [file for file in read_manifest(stem_root("clean").with_name("test")) if file.stem in CLASSES]
    assert len(heard["single"][0]) == sum(file.frames // load_params().stems.rate for file in files)  # of one second
    assert len(heard["multi"][0]) == load_params().scoring.mixes
    curve = pd.read_csv(f"curves/thresholds/{training}.csv")
    pd.testing.assert_frame_equal(curve, threshold_curve(*heard["single"]), rtol=1e-4, check_dtype=False)


def test_labels_and_scores_have_thresholds_of_their_own(classifiers):
    run_stage_here("score_classifier", "clean")
    assert json.loads(Path("metrics/score_classifier/clean.json").read_text())["threshold"] == 0.5
    run_stage_here("predict_segments", "psi_clean")
    run_stage_here("refine_labels", "psi_clean")
    assert json.loads(Path("metrics/refine_labels/psi_clean.json").read_text())["threshold"] == 0.45
    arm = read_arm(Path("data/arms/psi_clean.csv"))
    assert (arm[LABELS].to_numpy() == (arm[PROBABILITIES].to_numpy() >= 0.45)).all()


def test_silent_stems_are_no_inputs_of_table_1(classifiers):
    params, table = load_params(), read_arm(Path("data/arms/clean.csv"))
    table.loc[:1, LABELS] = 0
    model = load_classifier(Path("models/classifier/clean.safetensors"), params)
    assert len(single_label_inputs(model, table, stem_root("clean"), params).songs) == len(table) - 2


def test_the_rows_for_scale_are_what_they_are_called(project):
    for item in ("mixture", "ideal_ratio_mask"):
        run_stage_here("score_bounds", item)
    level = {
        item: json.loads(Path(f"metrics/score_separator/{item}.json").read_text())["usdr"]["avg"]
        for item in ("mixture", "ideal_ratio_mask")
    }
    assert level["mixture"] < 0 and level["ideal_ratio_mask"] > 20  # tones that hardly overlap


def test_every_class_is_scored_against_its_own_stem(project):
    gains = np.array([0.9, 0.99, 0.5, 0.999])  # an estimate that is g times its stem has -20 log10(1 - g) dB
    score_test_songs(
        "scaled", "scaled", lambda _, stems: (gains[:, None, None] * stems).astype(np.float32), load_params()
    )
    table = pd.read_csv("scores/separator/scaled.csv")
    for song, rows in table.groupby("song"):
        assert rows["class"].tolist() == list(CLASSES), song
        assert rows["usdr"].to_numpy() == pytest.approx([20, 40, 6.02, 60], abs=0.05)
