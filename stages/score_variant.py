"""DVC stages score_variant, oracle: a separator that learned from a variant, on the test songs, as in Table 2."""

from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage
from stages.score_separator import main as score_separator
from stages.train_variant import ITEMS as TRAINED


def main(item: str, params: Params) -> None:
    """Write metrics/score_separator/<item>.json and scores/separator/<item>.csv."""
    score_separator(item, params)


if __name__ == "__main__":
    run_stage("score_variant", main, (*TRAINED, "xumx-fine_tuned"))
