"""results/README.md: every number that the stages measured, beside the paper's, as Markdown."""

from collections.abc import Iterator

import pandas as pd

from analysis import paper
from analysis.claims import RULES, UNDECIDED
from analysis.formatting import cell, markdown_table, round_columns, rounded
from analysis.palette import ARM_NAMES, CLASSIFIER_NAMES, NETWORK_NAMES
from analysis.results import INPUTS, LABEL_MEASURES, MEASURE_DECIMALS, MEASURES, SCALES, TABLE2_VALUES, Results
from stages.stems import CLASSES

MISSING = "-"
HOW_CLAIMS_ARE_DECIDED = (
    "Ours are differences with their 95 % t intervals over the test songs (and over the training seeds, where there "
    "are several). An SDR here is the *mean* over the songs of their frame-wise SDR; Table 2 has the median. What a "
    "claim says must lie above 0, or above the bound in the brackets, in every part. The bounds (2 points, 1 dB, half "
    "of the gap, 0.1 dB) are ours; a claim that does not hold may say something true that is smaller than its bound. "
    "Its p value is corrected for all 13 claims (Holm), and above 5 % it is undecided."
)
LABELS_ARE_JUDGED = (
    "The corruption is ours, so what is truly in every audible segment is known. `exact`: the share of audible "
    "segments whose set of labels is exactly the truth; the other four are means over the classes."
)
VERDICTS = {"true": "**holds**", "false": "**does not hold**", UNDECIDED: UNDECIDED, "": "not tested"}


def leaning(holds: str, direction: str) -> str:
    """A verdict, and of an undecided one which way it leans."""
    return f"{holds}, {direction}" if holds == UNDECIDED else VERDICTS[holds]


def report(results: Results, claims: pd.DataFrame) -> str:
    """The page, from `read_results` and `analysis.claims.decide`."""
    known = results.labels["exact"].notna().all()
    parts = [
        "# Results",
        "Written by `python analysis/make_tables.py` and `python analysis/make_figures.py` from the stages' metrics; "
        "no number here is typed in. Numbers in brackets are the paper's "
        "([Koo et al., ISMIR 2023](https://arxiv.org/abs/2307.12576)), measured on other music with other training "
        "budgets: compare the order and the gaps, not the level. What was assumed where the paper says nothing: "
        "[assumptions](../README.md#assumptions).",
        "One run, one seed: its verdicts are about these very trainings. Over several seeds, with the ablations and "
        "the studies: [reference/](reference/README.md), which also writes `table3.csv`, the first seed's ablations.",
        summary(claims),
        "## Claims",
        *claim_parts(claims),
        "## Separation (Table 2)",
        *separation_parts(results),
        "## Classifiers (Table 1)",
        *classification_parts(results),
        "## Precision and recall against the threshold (Figure 4)",
        "![Precision and recall of each class against the threshold](figures/thresholds.png)",
        "On single stems of the test songs. "
        "In every figure, a classifier has the colour of the labels that it gives; Ψ_refined is trained on those of "
        "Ψ_noisy. The dotted line is the threshold that the labels were refined with.",
        "## Labels before and after refinement",
        *label_parts(results, known),
        "## Training curves",
        "![Loss, validation and gradients of every training](figures/training_curves.png)",
        "Every training is validated on held-out stems under its own arm's labels: compare shapes, not levels. Below: "
        "the largest norm of a gradient in each fiftieth of a training, before it was clipped.",
        "## What could not be measured",
        *count_parts(results),
        "## Time and machine",
        *timing_parts(results),
    ]
    return "\n\n".join(parts) + "\n"


def summary(claims: pd.DataFrame) -> str:
    """How many claims hold, in one sentence, and what stands behind it."""
    found = {verdict: claims.loc[claims["holds"] == verdict, "id"] for verdict in VERDICTS}
    tested = sum(len(ids) for verdict, ids in found.items() if verdict)
    text = f"**Of {tested} claims that were tested, {len(found['true'])} came out true"
    failing = found["false"]
    text += f"; {_listed(failing)} false" if len(failing) else ""
    text += f"; {_listed(found[UNDECIDED])} could not be decided" if len(found[UNDECIDED]) else ""
    text += ".**"
    return text + (f" Not tested: {_listed(found[''])}." if len(found[""]) else "")


def claim_parts(claims: pd.DataFrame) -> Iterator[str]:
    """The verdicts, then the rule behind each."""
    rows = [[c.id, c.text, c.paper, c.ours, VERDICTS[c.holds]] for c in claims.itertuples()]
    yield markdown_table(["", "claim", "paper", "ours", "verdict"], rows, text_columns=5)
    yield HOW_CLAIMS_ARE_DECIDED
    yield rule_list()


def rule_list() -> str:
    """What each claim's rule says."""
    return "\n".join(f"- {id}: {' '.join(rule.__doc__.split())}" for id, rule in RULES.items())


def separation_parts(results: Results) -> Iterator[str]:
    """Table 2, frame-wise with the paper's values, then whole-track."""
    songs = sorted(set(results.counts["songs"]))
    yield "![Frame-wise SDR of each arm, ours and the paper's](figures/separation.png)"
    yield (
        f"Frame-wise SDR (`csdr`, as museval: 1-second frames, median over frames, then over {_listed(songs)} test "
        "songs; avg is the mean over the classes), dB: ours (paper's). The paper does not say how its SDR is averaged."
    )
    yield separation_table(results, "csdr")
    yield "Whole-track SDR (`usdr`: energy ratio of a whole song, mean over songs), dB:"
    yield separation_table(results, "usdr")
    yield (
        "*The mixture itself* takes the mixture as the estimate of every class; *ideal ratio mask* knows the true "
        "stems and masks the mixture's magnitudes: a floor and a ceiling for scale."
    )


def separation_table(results: Results, metric: str) -> str:
    """One metric of Table 2, a row per network and arm."""
    theirs = paper.table2().set_index(["network", "training_data", "metric"])
    rows = []
    for row in results.separation[results.separation["metric"] == metric].to_dict("records"):
        key = (row["network"], row["training_data"], metric)
        cells = [
            cell(
                rounded(row[name], 2, MISSING), theirs=rounded(theirs.loc[key, name], 2) if key in theirs.index else ""
            )
            for name in TABLE2_VALUES
        ]
        arm = MISSING if row["network"] in SCALES else ARM_NAMES[row["training_data"]]
        rows.append([NETWORK_NAMES[row["network"]], arm, *cells])
    return markdown_table(["network", "training data", *TABLE2_VALUES], rows, text_columns=2)


def classification_parts(results: Results) -> Iterator[str]:
    """Table 1, the averages first, then every class."""
    yield (
        "Accuracy in percent, the rest 0 to 1: ours (paper's). `avg` is the mean over the classes, `pooled` counts "
        f"all decisions together. Single: one stem ({results.inputs['single']} inputs); multi: a random mix "
        f"({results.inputs['multi']} inputs)."
    )
    yield classification_table(results, ["avg", "pooled"])
    yield "<details><summary>Every class</summary>"
    yield classification_table(results, list(CLASSES))
    yield "</details>"


def classification_table(results: Results, names: list[str]) -> str:
    """Rows of Table 1 for these classes or averages."""
    keys = ["inputs", "training_data", "class"]
    ours = round_columns(results.classification, MEASURE_DECIMALS).set_index(keys)
    theirs = round_columns(paper.table1(), paper.TABLE1_DECIMALS).set_index(keys)
    rows = []
    for inputs in INPUTS:
        for name in names:
            for training in CLASSIFIER_NAMES:
                key = (inputs, training, name)
                published = theirs.loc[key] if key in theirs.index else dict.fromkeys(MEASURES, "")
                cells = [cell(ours.loc[key, measure], theirs=published[measure]) for measure in MEASURES]
                rows.append([inputs, name, training, *cells])
    return markdown_table(["inputs", "class", "training data", *MEASURES], rows, text_columns=3)


def label_parts(results: Results, known: bool) -> Iterator[str]:
    """How right the labels are, and how many segments have how many."""
    if known:
        yield "![Label quality before and after refinement](figures/label_quality.png)"
        yield LABELS_ARE_JUDGED
    else:
        yield "The truth of these stems is not known, so the labels cannot be judged, only counted."
    header = ["labels", "threshold", "segments", "silent", "unlabelled", "one label", "several", *LABEL_MEASURES]
    rows = []
    for row in results.labels.to_dict("records"):
        counts = [row[key] for key in ("segments", "silent", "unlabelled", "single_labelled", "multi_labelled")]
        quality = [rounded(row[measure], 3, MISSING) for measure in LABEL_MEASURES]
        rows.append([ARM_NAMES[row["arm"]], rounded(row["threshold"], 2, MISSING), *map(str, counts), *quality])
    yield markdown_table(header, rows)
    if known:
        noisy = results.labels.set_index("arm").loc["noisy"]
        shares = ", ".join(f"{name} {rounded(100 * noisy[f'{name}_contaminated'], 0, MISSING)} %" for name in CLASSES)
        yield f"Segments of the noisy stems that are not their nominal class alone: {shares}."
        stems = ", ".join(
            f"{row['class']} {rounded(100 * row['contaminated'], 0)} % ({rounded(100 * row['empty'], 0)} %)"
            for row in results.stems.to_dict("records")
        )
        yield f"Stems that hold anything else than their class, or nothing (those that hold nothing): {stems}."


def count_parts(results: Results) -> Iterator[str]:
    """Frames and estimates without an SDR, segments without a label."""
    yield (
        "A frame in which a stem or an estimate is silent has no SDR (NaN, left out of the median, as museval does). "
        "A song of such frames alone has none either: one in which a class never sounds, or for which a separator "
        "gives a silent estimate, one that is zero throughout. The medians are over the other songs."
    )
    rows = []
    for row in results.counts.itertuples():
        arm = MISSING if row.network in SCALES else ARM_NAMES[row.training_data]
        share = rounded(100 * row.nan_frames / row.frames, 1) if row.frames else MISSING
        counts = [f"{row.nan_frames} ({share} %)", str(row.unscored_songs), str(row.silent_estimates)]
        counts = [str(row.songs), str(row.frames), *counts]
        rows.append([NETWORK_NAMES[row.network], arm, *counts])
    header = ["network", "training data", "songs", "frames", "NaN frames", "songs without SDR", "silent estimates"]
    yield markdown_table(header, rows, text_columns=2)
    refined = results.labels[results.labels["arm"] != "noisy"]
    unlabelled = ", ".join(
        f"{row.unlabelled} of {row.segments - row.silent} ({ARM_NAMES[row.arm]})" for row in refined.itertuples()
    )
    yield f"Audible segments that no class claims above the threshold, and that no separator sees: {unlabelled}."
    everything = ", ".join(f"{row.all_labelled} ({ARM_NAMES[row.arm]})" for row in refined.itertuples())
    yield f"Segments that all four classes claim, which say nothing and are not drawn either: {everything}."


def timing_parts(results: Results) -> Iterator[str]:
    """Wall time by kind of stage, and what ran it."""
    machine = results.environment
    if machine:
        packages = ", ".join(f"{name} {version}" for name, version in sorted(machine["packages"].items()))
        yield (
            "As recorded last (another machine alone, or another `compute`, runs no training again): "
            f"{machine['cpu']}, {machine['cores']} cores, {machine['threads']} of them for each stage; "
            f"networks on {machine['device']}; Python {machine['python']}; {packages}."
        )
    sums = results.timing.groupby("stage", sort=False)[["wall_seconds", "training_seconds"]].sum()
    sums.loc["**total**"] = sums.sum()
    runs = results.timing["stage"].value_counts()
    rows = [
        [stage, str(runs.get(stage, runs.sum())), rounded(wall / 60, 1), rounded(training / 60, 1)]
        for stage, wall, training in sums.itertuples()
    ]
    yield markdown_table(["stage", "runs", "wall minutes", "of these in training steps"], rows)
    yield "`make reproduce` runs two stages at a time and takes less than the sum. Every run: [timing.csv](timing.csv)."


def _listed(items) -> str:
    return ", ".join(str(item) for item in items)
