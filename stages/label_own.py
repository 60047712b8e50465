"""DVC stage label_own: the noisy arm's segments with labels from outside, labels.csv (stages.variants.own)."""

from pathlib import Path

from stages.pipeline.files import write_json
from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage
from stages.refinement.quality import summary
from stages.stems.segments import read_arm, write_arm
from stages.variants.own import own_labels


def main(params: Params) -> None:
    """Write data/arms/own.csv and, in metrics/label_own.json, how right its labels are."""
    labelled = own_labels(read_arm(Path("data/arms/noisy.csv")), Path("labels.csv"))
    write_arm(labelled, Path("data/arms/own.csv"))
    write_json(Path("metrics/label_own.json"), summary(labelled, None))


if __name__ == "__main__":
    run_stage("label_own", main)
