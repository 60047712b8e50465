"""DVC stage label_variant: the noisy arm's segments with the labels of one variant (stages.variants.labels)."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from stages.pipeline.errors import InputError
from stages.pipeline.files import write_json
from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage
from stages.recognition.mixing import RandomMixes
from stages.recognition.model import load_classifier
from stages.recognition.prediction import predict_mixes
from stages.refinement.quality import summary
from stages.refinement.thresholds import apply_threshold
from stages.stems.segments import TRUTHS, read_arm, stem_root, write_arm
from stages.variants.labels import agreed_only, best_thresholds, from_truth, single_labelled_only
from stages.variants.names import FILTERED, TRUTH_VARIANTS, VARIANTS

NOISY = Path("data/arms/noisy.csv")
REFINED = Path("data/arms/psi_refined.csv")
PROBABILITIES = Path("data/probabilities/psi_refined.csv")
MIXES = 600  # held-out mixes that adaptive thresholds are chosen on


def main(variant: str, params: Params) -> None:
    """Write data/arms/<variant>.csv and, in metrics/label_variant/<variant>.json, how right its labels are."""
    if variant in TRUTH_VARIANTS:
        table = read_arm(NOISY)
        if table[TRUTHS].isna().to_numpy().any():
            raise InputError(f"{NOISY}: {variant} needs the truth of every segment, which recorded noise does not have")
        labelled, threshold = from_truth(table, variant, params.seed), None
    else:
        labelled, threshold = refined_labels(variant, params)
    write_arm(labelled, Path(f"data/arms/{variant}.csv"))
    write_json(Path(f"metrics/label_variant/{variant}.json"), summary(labelled, None) | {"threshold": threshold})


def refined_labels(variant: str, params: Params) -> tuple[pd.DataFrame, float | list[float] | None]:
    """Labels that someone without the truth could give, and their threshold; the truth comes back at the end."""
    threshold = params.refinement.threshold
    if variant in FILTERED:
        source, change = Path(f"data/arms/{variant.removeprefix('filtered_by_')}.csv"), agreed_only
    elif variant == "single_only":
        source, change = REFINED, single_labelled_only
    else:
        threshold = adaptive_thresholds(params) if variant == "adaptive" else float(variant.removeprefix("threshold_"))
        source, change = PROBABILITIES, partial(apply_threshold, threshold=threshold)
    table = read_arm(source)
    labelled = change(table.assign(**dict.fromkeys(TRUTHS, np.nan)))
    return labelled.assign(**table[TRUTHS]), threshold


def adaptive_thresholds(params: Params) -> list[float]:
    """For each class the threshold of Ψ_refined with the best F1 on random mixes of the held-out noisy songs.

    The paper does not say its rule; this one is ours. What the mixes hold is taken from their nominal labels, wrong
    as some are: nobody without the truth could do better.
    """
    torch.set_num_threads(params.compute.threads)
    model = load_classifier(Path("models/classifier/refined.safetensors"), params)
    mixes = RandomMixes(read_arm(NOISY), "noisy", stem_root("noisy"), params, split="valid")
    probabilities, targets, _ = predict_mixes(model, mixes, MIXES, params)
    return best_thresholds(probabilities, targets)


if __name__ == "__main__":
    run_stage("label_variant", main, VARIANTS)
