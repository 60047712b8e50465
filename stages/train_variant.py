"""DVC stages train_variant, oracle, train_own: a separator on a variant, on a later round, or on own labels."""

from stages.pipeline.stage import run_stage
from stages.train_separator import main
from stages.variants.names import BY_SEPARATOR, OWN, ROUNDS, VARIANTS

ITEMS = (*(f"xumx-{labels}" for labels in (*VARIANTS, *ROUNDS, BY_SEPARATOR, OWN)), "hdemucs-oracle", f"hdemucs-{OWN}")

if __name__ == "__main__":
    run_stage("train_variant", main, ITEMS)
