"""Write results/reference/: what several seeds and the studies measured, as tables, figures, claims and a page.

Run `python analysis/make_reference.py` from the repository's root. It takes over what the pipeline and the workspaces
below studies/ hold, however little, and draws everything again from all that was ever taken over
(results/reference/measured/).
"""

import sys
from pathlib import Path

import matplotlib
import pandas as pd

matplotlib.use("Agg")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, not as a module

from analysis.claims import decide, decide_at
from analysis.formatting import round_columns, write_csv
from analysis.gap import (
    FALSE_LABELS_DECIMALS,
    GAP_DECIMALS,
    NOISE_DECIMALS,
    STRATEGY_DECIMALS,
    false_labels_table,
    gap_table,
    noise_table,
    strategies_table,
)
from analysis.make_figures import save, style
from analysis.measurements import Measurements, measurements
from analysis.reference import Measured, collect
from analysis.reference_figures import NOISES, STRATEGIES_OF, study_figures
from analysis.reference_page import parts
from analysis.reference_tables import (
    DECISIONS,
    label_quality,
    sdr_by_seed,
    table1,
    table2,
    table3,
    with_thresholds,
    with_uncorrupted,
)
from analysis.results import LABEL_MEASURES, MEASURE_DECIMALS, TABLE2_VALUES
from stages.pipeline.errors import InputError, errors_as_one_line
from stages.pipeline.files import atomic_file
from stages.pipeline.params import load_params

SDR_DECIMALS = dict.fromkeys(TABLE2_VALUES, 2)
ENERGY = "energy.csv"  # written by tools/measure_energy.py
READING = "measured/reading.md"  # written by hand, of what was measured; who begins anew has none


def make_reference(root: Path, results: Path) -> None:
    """Take over what was measured under `root`; write results/reference/, and Table 3 of one seed to results/.

    Raises InputError where a file is malformed, where parameters have changed, and where nothing was ever measured.
    """
    folder = results / "reference"
    measured = collect(root, folder / "measured")
    if measured.separation.empty:
        raise InputError(f"{folder}/measured: no scores yet: run `make reproduce`, then `make study`")
    measured = with_thresholds(measured)
    by_seed = sdr_by_seed(measured.separation)
    params = load_params(root / "params.yaml")
    threshold = params.scoring.threshold
    run = [condition for condition in NOISES if condition in set(measured.separation["condition"])]
    with_baseline = with_uncorrupted(measured, ["pipeline", *run])
    found = measurements_of(with_baseline, "pipeline", threshold)
    ablations = measurements_of(measured, "base", threshold)
    claims = decide(found, ablations)
    claims_at = decide_at({at: measurements_of(with_baseline, "pipeline", at) for at in DECISIONS}, ablations)
    false_labels = false_labels_table(ablations)
    gaps = gap_table(found)
    by_noise = {name: measurements_of(with_baseline, name, threshold) for name in run}
    noises = noise_table(by_noise)
    by_strategy = {"pipeline": found} | by_noise
    by_strategy = {name: by_strategy[name] for name in STRATEGIES_OF if name in by_strategy}
    strategies = strategies_table(by_strategy, measured.labels)
    tables = {
        "gap.csv": round_columns(gaps, GAP_DECIMALS),
        "noise.csv": round_columns(noises, NOISE_DECIMALS),
        "strategies.csv": round_columns(strategies, STRATEGY_DECIMALS),
        "false_labels.csv": round_columns(false_labels, FALSE_LABELS_DECIMALS),
        "table1.csv": rounded_table(table1(measured.classification), MEASURE_DECIMALS),
        "table2.csv": rounded_table(table2(by_seed), SDR_DECIMALS),
        "labels.csv": rounded_table(label_quality(measured.labels), dict.fromkeys(LABEL_MEASURES, 3)),
        "table3.csv": rounded_table(table3(by_seed), SDR_DECIMALS),
        "sdr.csv": round_columns(by_seed, SDR_DECIMALS),
        "claims.csv": round_columns(claims, {"p": 4}),
        "claims_by_threshold.csv": round_columns(claims_at, {"p": 4}),
    }
    for name, table in tables.items():
        write_csv(table, folder / name)
    first = by_seed[by_seed["seed"] == params.seed]
    write_csv(round_columns(table3(first)[["variant", "metric", *TABLE2_VALUES]], SDR_DECIMALS), results / "table3.csv")
    style()
    figures = study_figures(measured, by_seed, gaps, noises, strategies)
    for name, figure in figures.items():
        save(figure, folder / "figures" / name)
    energy = pd.read_csv(folder / ENERGY) if (folder / ENERGY).exists() else None
    reading = (folder / READING).read_text(encoding="utf-8") if (folder / READING).exists() else None
    decided = (claims, claims_at, gaps, noises, strategies, false_labels)
    page = parts(measured, threshold, by_seed, *decided, list(figures), energy, reading)
    with atomic_file(folder / "README.md") as temporary:
        temporary.write_bytes(("\n\n".join(page) + "\n").encode())


def measurements_of(measured: Measured, condition: str, threshold: float) -> Measurements:
    """What one condition measured, for claims and gaps; see `analysis.measurements.measurements`."""
    separation, decisions = (
        table[table["condition"] == condition] for table in (measured.separation, measured.decisions)
    )
    return measurements(separation, decisions, threshold)


def rounded_table(table: pd.DataFrame, decimals: dict[str, int]) -> pd.DataFrame:
    """Values and their standard deviations with their decimals."""
    return round_columns(table, decimals | {f"{name}_std": places for name, places in decimals.items()})


if __name__ == "__main__":
    with errors_as_one_line("results/reference"):
        make_reference(Path(), Path("results"))
