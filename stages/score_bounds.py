"""DVC stage score_bounds@{mixture,ideal_ratio_mask}: the two rows of Table 2 that give it a scale."""

from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage
from stages.scoring.bounds import ideal_ratio_mask_estimates, mixture_estimates
from stages.scoring.songs import score_test_songs

FFT, HOP = 2048, 512


def main(item: str, params: Params) -> None:
    """Write metrics/score_separator/<item>.json and scores/separator/<item>.csv."""
    if item == "mixture":
        score_test_songs(item, item, lambda mixture, _: mixture_estimates(mixture), params)
    else:
        score_test_songs(
            item, item, lambda mixture, stems: ideal_ratio_mask_estimates(mixture, stems, FFT, HOP), params
        )


if __name__ == "__main__":
    run_stage("score_bounds", main, ("mixture", "ideal_ratio_mask"))
