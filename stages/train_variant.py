"""DVC stages train_variant, oracle, train_own: a separator on a variant, on a later round, or on own labels."""

from itertools import product

from stages.pipeline.stage import run_stage
from stages.separation.networks import NETWORKS
from stages.train_separator import main
from stages.variants.names import BY_SEPARATOR, OWN, ROUNDS, VARIANTS

ITEMS = tuple("-".join(names) for names in product(NETWORKS, (*VARIANTS, *ROUNDS, BY_SEPARATOR, OWN)))

if __name__ == "__main__":
    run_stage("train_variant", main, ITEMS)
