"""DVC stages train_variant, oracle: a separator on the labels of a variant, or of a later round of self-refining."""

from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage
from stages.pipeline.training import Curves
from stages.train_separator import main as train_separator
from stages.variants.names import ROUNDS, VARIANTS

ITEMS = (*(f"xumx-{labels}" for labels in (*VARIANTS, *ROUNDS)), "hdemucs-oracle")


def main(item: str, params: Params) -> Curves:
    """Write models/separator/<item>.safetensors, its curve and its metrics."""
    return train_separator(item, params)


if __name__ == "__main__":
    run_stage("train_variant", main, ITEMS)
