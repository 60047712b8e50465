"""DVC stage refine_labels@{psi_clean,psi_noisy,psi_refined,teaching}: probabilities above a threshold become labels.

The first three are what separators train on. "teaching" is Ψ_noisy's labels at a threshold of their own, which
Ψ_refined trains on: a classifier learns best from few labels that are right, a separator from all that it can get.
"""

from pathlib import Path

from stages.pipeline.files import write_json
from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage
from stages.refinement.quality import summary
from stages.refinement.thresholds import apply_threshold
from stages.stems.segments import read_arm, write_arm


def main(item: str, params: Params) -> None:
    """Write data/arms/<item>.csv and, in metrics/refine_labels/<item>.json, how right its labels are."""
    teaching = item == "teaching"
    threshold = params.refinement.teaching_threshold if teaching else params.refinement.threshold
    table = apply_threshold(read_arm(Path(f"data/probabilities/{'psi_noisy' if teaching else item}.csv")), threshold)
    write_arm(table, Path(f"data/arms/{item}.csv"))
    write_json(Path(f"metrics/refine_labels/{item}.json"), summary(table, threshold))


if __name__ == "__main__":
    run_stage("refine_labels", main, ("psi_clean", "psi_noisy", "psi_refined", "teaching"))
