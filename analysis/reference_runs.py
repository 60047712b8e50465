"""What was run for the reference results, on which machines, and what it took, as Markdown."""

from collections.abc import Iterator

import pandas as pd

from analysis.formatting import markdown_table
from analysis.palette import NETWORK_NAMES
from analysis.reference import COLUMNS, RUN, Measured
from analysis.reference_tables import cost
from stages.stems.segments import ARMS


def runs(measured: Measured) -> str:
    """Which separators were trained under which condition, and at which seeds."""
    table = measured.separation.drop_duplicates(["condition", "seed", "network", "training_data"])
    rows = []
    for (condition, network), part in table.groupby(["condition", "network"], sort=False):
        arms = [name for name in ARMS if name in set(part["training_data"])]
        arms += sorted(set(part["training_data"]) - set(ARMS))
        seeds = part.groupby("training_data")["seed"].agg(lambda found: ", ".join(map(str, sorted(found))))
        rows.append([condition, NETWORK_NAMES[network], "; ".join(f"{arm}: {seeds[arm]}" for arm in arms)])
    return markdown_table(["condition", "network", "training data: seeds"], rows, text_columns=3)


def costs(measured: Measured, energy: pd.DataFrame | None) -> Iterator[str]:
    """Machines and versions, wall time by stage, and what energy was measured."""
    machines = measured.environment.groupby(COLUMNS["environment"][len(RUN) :], sort=False)
    for (cpu, cores, threads, device, python, packages), rows in machines:
        seeds = rows.groupby("condition", sort=False)["seed"].agg(lambda found: ", ".join(map(str, found)))
        names = ", ".join(f"{condition} ({found})" for condition, found in seeds.items())
        machine = f"{cpu}, {cores} cores, compute.threads {threads}, networks on {device}"
        yield f"Conditions (seeds) {names}: {machine}; Python {python}; {packages}."
    rows = [[row.stage, str(row.runs), f"{row.hours:.2f}"] for row in cost(measured.timing).itertuples()]
    rows.append(["**total**", str(len(measured.timing)), f"{measured.timing['wall_seconds'].sum() / 3600:.2f}"])
    yield markdown_table(["stage", "runs", "hours"], rows)
    yield (
        "Where stages ran side by side, it took less than the sum. Processors round differently, which after thousands "
        "of steps could be another training, as other `compute.threads` are."
    )
    if energy is not None:
        columns = ["date", "command", "wall minutes", "energy in kWh", "method", "processor"]
        rows = [
            [row.date, f"`{row.command}`", f"{row.wall_seconds / 60:.1f}", f"{row.energy_kwh:g}", row.method, row.cpu]
            for row in energy.itertuples()
        ]
        yield markdown_table(columns, rows, text_columns=2)
        yield (
            "Where a machine has no power counters, codecarbon estimates from its processor's nominal power and its "
            "load."
        )
