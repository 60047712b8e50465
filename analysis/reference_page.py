"""results/reference/README.md: every table, figure and claim of several seeds and the studies, as Markdown."""

from collections.abc import Iterator
from math import nan

import pandas as pd

from analysis import paper
from analysis.formatting import cell, markdown_table, rounded
from analysis.gap import (
    false_labels_markdown,
    gap_markdown,
    lacking_songs,
    noise_markdown,
    strategies_markdown,
)
from analysis.palette import ARM_NAMES, CLASSIFIER_NAMES, NETWORK_NAMES
from analysis.reference import Measured
from analysis.reference_figures import NOISES, STRATEGIES_OF
from analysis.reference_runs import costs, runs
from analysis.reference_tables import (
    TABLE3,
    at_thresholds,
    label_quality,
    labels_by_noise,
    on_several,
    side_by_side,
    table1,
    table2,
    table3,
)
from analysis.report import HOW_CLAIMS_ARE_DECIDED, LABELS_ARE_JUDGED, VERDICTS, leaning, rule_list, summary
from analysis.results import LABEL_MEASURES, MEASURE_DECIMALS, MEASURES, TABLE2_VALUES

LENGTHS = ("base", "pipeline", "longer")
GAP_FIGURE, TABLE2_FIGURE, NOISE_FIGURE, STRATEGIES_FIGURE = "gap.png", "separation.png", "noise.png", "strategies.png"
FIGURES = {  # of the studies, in this order
    "figure4.png": "Figure 4: precision and recall of the classifiers on single stems against the threshold",
    "noise_sweep.png": "How many labels are wrong: classifier, labels and separation by the share of flipped sources",
    "kinds_of_noise.png": "What kind of noise: the same share of contaminated stems, made in three ways",
    "false_labels.png": "False negatives against false positives: true labels, some of them removed or others added",
    "threshold_curve.png": "The threshold: labels of Ψ_refined, and X-UMX trained on them",
    "rounds.png": "Self-refining again and again: classifier and labels by round, of which 0 is Ψ_noisy, 1 Ψ_refined",
}


def parts(
    measured: Measured,
    threshold: float,
    by_seed: pd.DataFrame,
    claims: pd.DataFrame,
    claims_at: pd.DataFrame,
    gaps: pd.DataFrame,
    noises: pd.DataFrame,
    strategies: pd.DataFrame,
    false_labels: pd.DataFrame,
    figures: list[str],
    energy: pd.DataFrame | None,
    reading: str | None,
) -> Iterator[str]:
    """The page's paragraphs. `reading` is what somebody wrote about these measurements."""
    yield "# Reference results"
    yield (
        "Written by `python analysis/make_reference.py` from what the studies measured ([measured/](measured/)); no "
        "number here is typed in. Values are mean ± standard deviation over the seeds, whose number is given; a seed "
        "changes initialisation, sampling and corruption, never a song, be it trained on or tested. Numbers in "
        "brackets are the paper's. "
        'Only what stands under "In plain words" was written by hand (measured/reading.md). What was assumed where the '
        "paper says nothing: [assumptions](../../README.md#assumptions)."
    )
    yield summary(claims)
    yield "## What label noise costs, and what refinement wins back"
    yield (
        "Frame-wise SDR above that of training on the noisy labels: the mean over songs and seeds, averaged over the "
        "classes, with its 95 % interval, which the shares have, too. A refinement's share of *clean minus noisy* is "
        "what the paper's numbers give, though that gap is also one between two catalogues: what the noise costs is "
        "*uncorrupted minus noisy*, of the same songs. Its share of *true labels minus noisy* is of what perfect "
        "relabelling, which takes nothing apart, would win. Intervals are not corrected for their number "
        "([how](../../docs/studies.md#how-claims-are-decided))."
    )
    songs = measured.separation["song"].nunique()
    yield gap_markdown(gaps)
    yield from filter(None, [lacking_songs(gaps, songs)])
    if GAP_FIGURE in figures:
        yield f"![SDR above training on the noisy labels, by separator and training data](figures/{GAP_FIGURE})"
        yield "Dots: means over songs and seeds; lines: their 95 % intervals; strokes below them: each seed."
    if reading:
        yield reading.strip()
    yield "## Claims"
    rows = [[c.id, c.text, c.paper, c.ours, str(c.seeds), VERDICTS[c.holds]] for c in claims.itertuples()]
    yield markdown_table(["", "claim", "paper", "ours", "seeds", "verdict"], rows, text_columns=4)
    yield f"{HOW_CLAIMS_ARE_DECIDED} C10 to C13 are decided on the studies' shorter trainings (condition `base`)."
    yield rule_list()
    yield "## Separation (Table 2), SDR in dB"
    yield "Frame-wise, medians over the songs:"
    yield separation(table2(by_seed), "csdr")
    if TABLE2_FIGURE in figures:
        yield f"![Table 2 over the seeds, with their standard deviation, ours and the paper's](figures/{TABLE2_FIGURE})"
    yield (
        "Of whole tracks, means over the songs; which of the two the paper's values (in brackets in both) are, is not "
        "known:"
    )
    yield separation(table2(by_seed), "usdr")
    yield "## Classifiers (Table 1), averages over the classes"
    yield classification(table1(measured.classification))
    yield (
        "Which classes a mix holds is drawn at random, as for training: some hold one, a few none. On those that hold "
        "two or more:"
    )
    yield heard(on_several(measured.decisions, threshold), {"training_data": "classifier"})
    yield (
        "On all, by the probability from which on a classifier says a class (for the claims, scoring.threshold). "
        "`best` is the one, of each classifier and seed, with the highest accuracy on these very inputs: what a "
        "classifier could reach at most, not what it would:"
    )
    table = at_thresholds(measured.decisions)
    yield heard(table, {"inputs": "inputs", "threshold": "decided at", "training_data": "classifier"})
    yield from verdicts_at(claims_at)
    yield from quality(label_quality(measured.labels))
    yield "## Ablations of X-UMX (Table 3), frame-wise SDR in dB"
    yield (
        "Trained for fewer steps than in Table 2 (condition `base` of studies/conditions.yaml), as X-UMX is in the "
        "studies below, unless they say Table 2; results/table3.csv is the first seed's. Medians over the songs: "
        "claims and figures have means, so differences are not the same. The refined rows, but those of other "
        "thresholds, have labels above refinement.threshold of params.yaml, and so had those that taught Ψ_refined in "
        "every row: another threshold is one for the separator's labels alone. The paper's threshold is 0.9, which is "
        "why its proposed method stands in two rows; 0.9 throughout has a table below. Rows of unequal seeds are not "
        "paired."
    )
    yield ablations(table3(by_seed))
    if len(strategies):
        yield "## What else to do with noisy labels"
        yield (
            "As in the first table, but with shorter trainings of Ψ and X-UMX where it does not say Table 2. Filtered: "
            "a segment keeps its nominal label where that is the one label the classifier gives it; what would get "
            "another, several or none is left out; by the truth: where it holds that and nothing else. Relabelled by "
            "X-UMX: no classifier, but the separator that learned from the nominal labels; a class is in a segment "
            "where the root of its share of the estimates' energy is above refinement.threshold. Segments with several "
            "labels are in some of the mixtures (separation.multi_label_probability); filtered and single-labelled "
            "arms have none. Segments are the audible ones, precision is a mean over the classes. Rows of unequal "
            "seeds are not paired."
        )
        if STRATEGIES_FIGURE in figures:
            yield f"![SDR above training on the noisy labels, by what is done with them](figures/{STRATEGIES_FIGURE})"
            yield "As in the first figure; open circles: filtered. What has no dot was not run."
        yield strategies_markdown(strategies, STRATEGIES_OF)
        yield from filter(None, [lacking_songs(strategies, songs)])
    yield from paper_threshold(side_by_side(measured, by_seed, ("base", "paper_threshold")))
    yield from lengths(side_by_side(measured, by_seed, LENGTHS))
    if len(noises):
        yield "## Where self-refining helps a separator, by noise"
        yield (
            "A separator above its training on the noisy labels, as in the first table, but with the studies' shorter "
            "trainings of Ψ and X-UMX. Uncorrupted, the same stems without noise: what the noise costs. True labels: "
            "what relabelling could win back of that; it cannot take apart what was summed. Labels of Ψ_refined: what "
            "they do win back. The sweep's flips strike every class alike; the last three kinds of noise have the same "
            "share of contaminated stems. Hybrid Demucs was run where it has a row."
        )
        if NOISE_FIGURE in figures:
            yield f"![SDR of X-UMX above training on the noisy labels, by noise](figures/{NOISE_FIGURE})"
            yield (
                "Dots: means over songs and seeds; lines through them: their 95 % intervals. Without flips the "
                "uncorrupted and the true labels are the noisy ones, so their difference is none."
            )
        yield noise_markdown(noises, NOISES)
        yield from filter(None, [lacking_songs(noises, songs)])
    yield from labels_with_noise(labels_by_noise(measured.labels, list(NOISES)))
    for name in filter(figures.__contains__, FIGURES):
        title, _, content = FIGURES[name].partition(": ")
        yield f"## {title}"
        yield (
            f"{content[0].upper()}{content[1:]}. Mean over the seeds; bars and bands are one standard deviation of "
            "each point, not of the difference between two; an SDR is the mean over the songs."
        )
        yield f"![{FIGURES[name]}](figures/{name})"
        if name == "false_labels.png" and len(false_labels):
            yield "By how much more removed labels cost than as many added ones (intervals as in the first table):"
            yield false_labels_markdown(false_labels)
    yield "## What was run"
    yield runs(measured)
    yield "## What it took"
    yield from costs(measured, energy)


def separation(table: pd.DataFrame, metric: str) -> str:
    theirs = paper.table2().set_index(["network", "training_data"])
    rows = [
        [NETWORK_NAMES[row["network"]], ARM_NAMES[row["training_data"]],
         *(_cell(row, name, 2, rounded(theirs[name].get((row["network"], row["training_data"]), nan), 2))
           for name in TABLE2_VALUES),
         str(row["seeds"])]
        for row in table[table["metric"] == metric].to_dict("records")
    ]  # fmt: skip
    return markdown_table(["network", "training data", *TABLE2_VALUES, "seeds"], rows, text_columns=2)


def classification(table: pd.DataFrame) -> str:
    theirs = paper.table1().set_index(["inputs", "training_data", "class"])
    rows = []
    for row in table[table["class"] == "avg"].to_dict("records"):
        values = theirs.loc[(row["inputs"], row["training_data"], "avg")]
        cells = (
            _cell(row, name, places, rounded(values[name], paper.TABLE1_DECIMALS[name]))
            for name, places in MEASURE_DECIMALS.items()
        )
        rows.append([row["inputs"], CLASSIFIER_NAMES[row["training_data"]], *cells, str(row["seeds"])])
    return markdown_table(["inputs", "classifier", *MEASURES, "seeds"], rows, text_columns=2)


def heard(table: pd.DataFrame, texts: dict[str, str]) -> str:
    table = table.assign(training_data=table["training_data"].map(CLASSIFIER_NAMES))
    return _table_of(table, texts, {name: (name, places) for name, places in MEASURE_DECIMALS.items()})


def verdicts_at(table: pd.DataFrame) -> Iterator[str]:
    """C1 to C4 at every decision threshold, from `analysis.claims.decide_at`."""
    if (table["holds"] == "").all():
        return
    yield (
        "C1 to C4, decided at each of these, whatever scoring.threshold is: an afterthought, so corrected for the "
        "number of thresholds, besides that of all claims. The paper does not say where its Table 1 decides."
    )
    cells = [f"{leaning(row['holds'], row['direction'])}: {row['values']}" for row in table.to_dict("records")]
    by_claim = table.assign(cell=cells).pivot(index="id", columns="threshold", values="cell")
    header = ["", *(f"{at:g}" for at in by_claim.columns)]
    yield markdown_table(header, by_claim.reset_index().to_numpy().tolist(), text_columns=len(header))


def quality(table: pd.DataFrame) -> Iterator[str]:
    if table["exact"].isna().any():  # the truth is not known
        return
    yield "## Labels before and after refinement"
    yield LABELS_ARE_JUDGED
    table = table.assign(labels=table["labels"].map(ARM_NAMES))
    yield _table_of(table, {"labels": "labels"}, {name: (name, 3) for name in LABEL_MEASURES})


def labels_with_noise(table: pd.DataFrame) -> Iterator[str]:
    if table.empty:
        return
    yield "## Which labels are the better ones, by noise"
    yield (
        "F1 (mean over the classes) of the labels of the audible segments, and the share of these whose labels are "
        "all right, before refinement (noisy) and after, with the studies' shorter trainings:"
    )
    columns = {
        f"{measure}_{labels}": (f"{title}: {ARM_NAMES[labels]}" if labels == "noisy" else ARM_NAMES[labels], 3)
        for measure, title in (("f1", "F1"), ("exact", "exact"))
        for labels in ("noisy", "psi_noisy", "psi_refined")
    }
    table = table.assign(condition=table["condition"].map(NOISES))
    yield _table_of(table, {"condition": "noise"}, columns)


def ablations(table: pd.DataFrame) -> str:
    theirs = paper.facts()["table3"]
    theirs = theirs | {"threshold_0.9": theirs["proposed"]}  # which is at that threshold
    rows = []
    for row in table[table["metric"] == "csdr"].to_dict("records"):
        values = theirs.get(row["variant"])
        cells = (_cell(row, name, 2, rounded(values[name], 2) if values else "") for name in TABLE2_VALUES)
        rows.append([row["variant"], *cells, str(row["seeds"])])
    missing = [variant for variant in TABLE3 if variant not in set(table["variant"])]
    text = markdown_table(["variant", *TABLE2_VALUES, "seeds"], rows)
    return text + (f"\n\nNot run yet: {', '.join(missing)}." if missing else "")


def paper_threshold(table: pd.DataFrame) -> Iterator[str]:
    if table.empty:
        return
    yield "## The paper's threshold throughout"
    yield (
        "The labels of Ψ_noisy at either threshold; Ψ_refined, taught by them, and Ψ_noisy (accuracy in %); and, where "
        "it was run, X-UMX on labels at that threshold (average frame-wise SDR in dB, mean over the songs)."
    )
    columns = {
        "precision_psi_noisy": ("labels of Ψ_noisy: precision", 3), "recall_psi_noisy": ("recall", 3),
        "single_refined": ("single: Ψ_refined", 1), "single_noisy": ("Ψ_noisy", 1),
        "multi_refined": ("multi: Ψ_refined", 1), "multi_noisy": ("Ψ_noisy", 1),
    }  # fmt: skip
    columns |= _separators(table, ("psi_noisy", "psi_refined"))
    yield _table_of(table, {"threshold": "threshold"}, columns)


def lengths(table: pd.DataFrame) -> Iterator[str]:
    if table.empty:
        return
    yield "## Short and long trainings"
    yield (
        "As Table 2 has it (`pipeline`), for fewer steps (`base`, of which the ablations are) and for more (`longer`; "
        "studies/conditions.yaml has the shares), at the seeds that all three have: accuracy on mixes in %, F1 of the "
        "labels, average frame-wise SDR in dB, mean over the songs."
    )
    columns = {
        "multi_noisy": ("multi: Ψ_noisy", 1), "multi_refined": ("Ψ_refined", 1),
        "f1_psi_noisy": ("labels of Ψ_noisy", 3), "f1_psi_refined": ("of Ψ_refined", 3),
    }  # fmt: skip
    columns |= _separators(table, ("noisy", "psi_noisy", "psi_refined", "oracle", "clean"))
    yield _table_of(table, {"condition": "condition"}, columns)


def _separators(table: pd.DataFrame, arms: tuple[str, ...]) -> dict[str, tuple[str, int]]:
    """Columns of X-UMX for `_table_of`, on those of these arms that have a value in every row."""
    run = [arm for arm in arms if f"xumx_{arm}" in table and table[f"xumx_{arm}"].notna().all()]
    return {f"xumx_{arm}": (f"X-UMX: {ARM_NAMES[arm]}", 2) for arm in run}


def _table_of(table: pd.DataFrame, texts: dict[str, str], values: dict[str, tuple[str, int]]) -> str:
    """Columns of text by header, values with their deviations by header and decimals, and the number of seeds."""
    rows = [
        [*(str(row[name]) for name in texts),
         *(_cell(row, name, places) for name, (_, places) in values.items()), str(row["seeds"])]
        for row in table.to_dict("records")
    ]  # fmt: skip
    header = [*texts.values(), *(title for title, _ in values.values()), "seeds"]
    return markdown_table(header, rows, text_columns=len(texts))


def _cell(row: dict, name: str, decimals: int, theirs: str = "") -> str:
    return cell(rounded(row[name], decimals, "-"), rounded(row[f"{name}_std"], decimals), theirs)
