"""What there is beyond the five arms, by name; no torch, so that whoever only asks for names has them at once."""

RATES = (10, 20, 40)  # percent of the true labels that are removed, or of their number that are added
THRESHOLDS = (0.05, 0.25, 0.5, 0.75, 0.9, 0.99)  # of the curve; the refined arm has one of them already
ROUNDS = ("round_2", "round_3", "round_4", "round_5")  # of self-refining; the first is the arm psi_refined
BY_SEPARATOR = "by_separator"  # labels by the levels of its estimates (stages.variants.levels)
OWN = "own"  # labels from outside (stages.variants.own)

BY_TRUTH = "filtered_by_truth"  # what a filter that knew the truth would leave
TRUTH_VARIANTS = ("oracle", BY_TRUTH, *(f"{change}_{rate}" for change in ("removed", "added") for rate in RATES))
FILTERED = ("filtered_by_psi_noisy", "filtered_by_psi_refined")
REFINED_VARIANTS = (*(f"threshold_{threshold:g}" for threshold in THRESHOLDS), "adaptive", "single_only", *FILTERED)
VARIANTS = (*TRUTH_VARIANTS, *REFINED_VARIANTS)
