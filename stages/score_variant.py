"""DVC stage score_variant: X-UMX of one variant on the test songs, as in Table 2."""

from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage
from stages.score_separator import main as score_separator
from stages.train_variant import ITEMS as TRAINED


def main(variant: str, params: Params) -> None:
    """Write metrics/score_separator/xumx-<variant>.json and scores/separator/xumx-<variant>.csv."""
    score_separator(f"xumx-{variant}", params)


if __name__ == "__main__":
    run_stage("score_variant", main, (*TRAINED, "fine_tuned"))
