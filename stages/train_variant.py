"""DVC stage train_variant: X-UMX on the labels of one variant, or on those of a later round of self-refining."""

from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage
from stages.pipeline.training import Curves
from stages.train_separator import main as train_separator
from stages.variants.names import ROUNDS, VARIANTS

ITEMS = (*VARIANTS, *ROUNDS)


def main(variant: str, params: Params) -> Curves:
    """Write models/separator/xumx-<variant>.safetensors, its curve and its metrics."""
    return train_separator(f"xumx-{variant}", params)


if __name__ == "__main__":
    run_stage("train_variant", main, ITEMS)
