"""DVC stage train_variant: X-UMX on the labels of one variant, or on those of a later round of self-refining."""

from pathlib import Path

from stages.pipeline.params import Params
from stages.pipeline.publishing import publish_training, training_fingerprint
from stages.pipeline.stage import run_stage
from stages.pipeline.training import Curves
from stages.separation.training import train_separator
from stages.stems.segments import read_arm, stem_root
from stages.variants.labels import ROUNDS, VARIANTS

ITEMS = (*VARIANTS, *ROUNDS)


def main(variant: str, params: Params) -> Curves:
    """Write models/separator/xumx-<variant>.safetensors, its curve and its metrics."""
    table = Path(f"data/arms/{variant}.csv")
    name = f"xumx/{variant}/seed{params.seed}"
    key = training_fingerprint("separation", table, params)
    model, curves = train_separator(
        "xumx", variant, read_arm(table), stem_root("noisy"), params, name=name, fingerprint=key
    )
    publish_training("separator", f"xumx-{variant}", name, params, data=table, model=model, curves=curves)
    return curves


if __name__ == "__main__":
    run_stage("train_variant", main, ITEMS)
