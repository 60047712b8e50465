"""DVC stage refine_labels@{psi_clean,psi_noisy,psi_refined}: probabilities above the threshold become labels."""

from pathlib import Path

from stages.pipeline.files import write_json
from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage
from stages.refinement.quality import summary
from stages.refinement.thresholds import apply_threshold
from stages.stems.segments import REFINED_ARMS, read_arm, write_arm


def main(arm: str, params: Params) -> None:
    """Write data/arms/<arm>.csv and, in metrics/refine_labels/<arm>.json, how right its labels are."""
    threshold = params.refinement.threshold
    table = apply_threshold(read_arm(Path(f"data/probabilities/{arm}.csv")), threshold)
    write_arm(table, Path(f"data/arms/{arm}.csv"))
    write_json(Path(f"metrics/refine_labels/{arm}.json"), summary(table, threshold))


if __name__ == "__main__":
    run_stage("refine_labels", main, REFINED_ARMS)
