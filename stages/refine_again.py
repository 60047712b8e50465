"""DVC stage refine_again: one more round of self-refining (paper, Table 3: five of them).

A classifier is trained from scratch on the labels of the round before and gives new ones. Round 1 is the arm
psi_refined.
"""

from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage
from stages.pipeline.training import Curves
from stages.predict_segments import main as predict_segments
from stages.refine_labels import main as refine_labels
from stages.score_classifier import main as score_classifier
from stages.train_classifier import train
from stages.variants.names import ROUNDS


def main(item: str, params: Params) -> Curves:
    """Train, label and score; writes what those four stages write of a classifier and the arm that it labels.

    If it is killed after the training, it trains again.
    """
    before = dict(zip(ROUNDS, ("psi_refined", *ROUNDS), strict=False))[item]
    curves = train(item, before, params)
    for stage in (predict_segments, refine_labels, score_classifier):
        stage(item, params)
    return curves


if __name__ == "__main__":
    run_stage("refine_again", main, ROUNDS)
