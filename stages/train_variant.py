"""DVC stages train_variant, oracle: a separator on the labels of a variant, or of a later round of self-refining."""

from stages.pipeline.stage import run_stage
from stages.train_separator import main
from stages.variants.names import ROUNDS, VARIANTS

ITEMS = (*(f"xumx-{labels}" for labels in (*VARIANTS, *ROUNDS)), "hdemucs-oracle")

if __name__ == "__main__":
    run_stage("train_variant", main, ITEMS)
