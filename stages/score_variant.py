"""DVC stages score_variant, oracle, score_own: a separator that learned from a variant, scored as in Table 2."""

from stages.pipeline.stage import run_stage
from stages.score_separator import main
from stages.train_variant import ITEMS as TRAINED

if __name__ == "__main__":
    run_stage("score_variant", main, (*TRAINED, "xumx-fine_tuned"))
