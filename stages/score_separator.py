"""DVC stage score_separator@{xumx,hdemucs}-{arm}: Table 2, a separator on the test songs."""

from pathlib import Path

import torch

from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage
from stages.scoring.songs import score_test_songs
from stages.separation.inference import separate
from stages.separation.networks import load_separator
from stages.train_separator import ITEMS


def main(item: str, params: Params) -> None:
    """Write metrics/score_separator/<item>.json and scores/separator/<item>.csv."""
    torch.set_num_threads(params.compute.threads)
    network, arm = item.split("-")
    model = load_separator(Path(f"models/separator/{item}.safetensors"), network, params).to(params.compute.device)
    score_test_songs(
        item, f"{network}/{arm}/seed{params.seed}", lambda mixture, _: separate(model, network, mixture, params), params
    )


if __name__ == "__main__":
    run_stage("score_separator", main, ITEMS)
