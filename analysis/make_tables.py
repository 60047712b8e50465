"""Write results/: Tables 1 and 2, claims, timing and label quality as CSV, and README.md, from the stages' metrics.

Run `python analysis/make_tables.py` from the repository's root; it takes seconds.
"""

import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, not as a module

from analysis import paper
from analysis.claims import decide
from analysis.formatting import round_columns, write_csv
from analysis.measurements import measurements
from analysis.report import report
from analysis.results import LABEL_MEASURES, MEASURE_DECIMALS, MEASURES, TABLE2_VALUES, Results, read_results
from stages.pipeline.errors import errors_as_one_line
from stages.pipeline.files import atomic_file
from stages.stems import CLASSES


def make_tables(root: Path, folder: Path) -> None:
    """Read what the stages measured under `root`, write everything but the figures to `folder`.

    Raises InputError naming the first file that is missing or malformed; then nothing is written.
    """
    results = read_results(root)
    claims = decide(measurements(results.songs, results.decisions, results.threshold))
    tables = {
        "table1.csv": classification_table(results),
        "table2.csv": separation_table(results),
        "claims.csv": round_columns(claims, {"p": 4}),
        "timing.csv": timing_table(results),
        "label_quality.csv": label_table(results),
    }
    page = report(results, claims)
    for name, table in tables.items():
        write_csv(table, folder / name)
    with atomic_file(folder / "README.md") as temporary:
        temporary.write_bytes(page.encode())


def classification_table(results: Results) -> pd.DataFrame:
    """Table 1, accuracy in percent; the paper's values beside ours (it has no pooled average)."""
    keys = ["inputs", "training_data", "class"]
    theirs = round_columns(paper.table1(), paper.TABLE1_DECIMALS)
    return _beside(round_columns(results.classification, MEASURE_DECIMALS), theirs, keys, MEASURES)


def separation_table(results: Results) -> pd.DataFrame:
    """Table 2, dB; the paper's values beside our csdr."""
    keys, decimals = ["network", "training_data", "metric"], dict.fromkeys(TABLE2_VALUES, 2)
    theirs = round_columns(paper.table2(), decimals)
    return _beside(round_columns(results.separation, decimals), theirs, keys, TABLE2_VALUES)


def _beside(ours: pd.DataFrame, theirs: pd.DataFrame, keys: list[str], values: tuple[str, ...]) -> pd.DataFrame:
    theirs = theirs.rename(columns={name: f"paper_{name}" for name in values})
    return ours.merge(theirs, on=keys, how="left", validate="one_to_one").fillna("")


def timing_table(results: Results) -> pd.DataFrame:
    """Seconds of every stage in the order of the pipeline, with a total, and the share spent in training steps."""
    timing = results.timing
    total = {"stage": "total", "item": "", **timing[["wall_seconds", "training_seconds"]].sum()}
    table = pd.concat([timing, pd.DataFrame([total])], ignore_index=True)
    share = table["training_seconds"] / table["wall_seconds"].where(table["wall_seconds"] > 0)
    return round_columns(
        table.assign(training_share=share), {"wall_seconds": 1, "training_seconds": 1, "training_share": 3}
    )


def label_table(results: Results) -> pd.DataFrame:
    """How right the labels of each arm are before (noisy) and after refinement; empty where truth is unknown."""
    per_class = [f"{name}_{measure}" for name in CLASSES for measure in ("precision", "recall", "contaminated")]
    return round_columns(results.labels, dict.fromkeys([*LABEL_MEASURES, *per_class], 3) | {"threshold": 2})


if __name__ == "__main__":
    with errors_as_one_line("results"):
        make_tables(Path(), Path("results"))
