"""DVC stage refine_again: one more round of self-refining (paper, Table 3: five of them).

A classifier is trained from scratch on the labels of the round before and gives new ones. Round 1 is the arm
psi_refined.
"""

from pathlib import Path

from stages.pipeline.files import write_json
from stages.pipeline.params import Params
from stages.pipeline.publishing import publish_training, training_fingerprint
from stages.pipeline.stage import run_stage
from stages.pipeline.training import Curves
from stages.recognition.prediction import predict
from stages.recognition.training import train_classifier
from stages.refinement.quality import summary
from stages.refinement.thresholds import apply_threshold
from stages.score_classifier import main as score_classifier
from stages.stems.segments import PROBABILITIES, read_arm, stem_root, write_arm
from stages.variants.names import ROUNDS


def main(item: str, params: Params) -> Curves:
    """Train, label and score; writes what train_classifier, refine_labels and score_classifier write of the item."""
    before = dict(zip(ROUNDS, ("psi_refined", *ROUNDS), strict=False))[item]
    table, root = Path(f"data/arms/{before}.csv"), stem_root("noisy")
    name = f"classifier/{item}/seed{params.seed}"
    key = training_fingerprint("classifier", table, params)
    model, curves = train_classifier(before, read_arm(table), root, params, name=name, fingerprint=key)
    publish_training("classifier", item, name, params, data=table, model=model, curves=curves)
    segments = read_arm(Path("data/arms/noisy.csv"))
    segments[PROBABILITIES] = predict(model, segments, root, params)
    threshold = params.refinement.threshold
    labelled = apply_threshold(segments, threshold)
    write_arm(labelled, Path(f"data/arms/{item}.csv"))
    write_json(Path(f"metrics/refine_labels/{item}.json"), summary(labelled, threshold))
    score_classifier(item, params)
    return curves


if __name__ == "__main__":
    run_stage("refine_again", main, ROUNDS)
