"""DVC stage train_separator@{xumx,hdemucs}-{arm}: train a separator on one arm."""

from itertools import product
from pathlib import Path

from stages.pipeline.params import Params
from stages.pipeline.publishing import publish_training, training_fingerprint
from stages.pipeline.stage import run_stage
from stages.pipeline.training import Curves
from stages.separation.networks import NETWORKS
from stages.separation.training import train_separator
from stages.stems.segments import ARMS, read_arm, stem_root

ITEMS = tuple(f"{network}-{arm}" for network, arm in product(NETWORKS, ARMS))


def main(item: str, params: Params) -> Curves:
    """Write models/separator/<item>.safetensors, its curve and its metrics."""
    network, arm = item.split("-")
    table = Path(f"data/arms/{arm}.csv")
    name = f"{network}/{arm}/seed{params.seed}"
    key = training_fingerprint("separation", table, params)
    model, curves = train_separator(network, arm, read_arm(table), stem_root(arm), params, name=name, fingerprint=key)
    publish_training("separator", item, name, params, data=table, model=model, curves=curves)
    return curves


if __name__ == "__main__":
    run_stage("train_separator", main, ITEMS)
