"""Run a command and note what it took: wall time and, by codecarbon in offline mode, energy.

    python tools/measure_energy.py dvc --cd studies repro

Adds a row to results/reference/energy.csv. Where the machine has no power counters, codecarbon estimates from the
processor's nominal power and its load; the column `method` says so. Ctrl-C ends the command; its row is added, too.
"""

import csv
import logging
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

FILE = Path("results/reference/energy.csv")
COLUMNS = ["date", "command", "exit_code", "wall_seconds", "energy_kwh", "method", "cpu", "cores"]


def main(command: list[str]) -> int:
    """Returns the command's exit code."""
    from codecarbon import OfflineEmissionsTracker

    logging.getLogger("codecarbon").setLevel(logging.ERROR)
    tracker = OfflineEmissionsTracker(
        country_iso_code="USA", save_to_file=False, log_level="error", allow_multiple_runs=True
    )  # the country is for emissions alone, which are not used
    started = time.monotonic()
    tracker.start()
    process = subprocess.Popen(command)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command has Ctrl-C from the terminal, too, and time to end
    code = process.wait()
    tracker.stop()
    found = tracker.final_emissions_data
    row = [
        date.today().isoformat(), " ".join(command), code, round(time.monotonic() - started),
        f"{found.energy_consumed:.4g}", f"codecarbon {found.codecarbon_version}, {found.tracking_mode}",
        found.cpu_model, int(found.cpu_count),
    ]  # fmt: skip
    FILE.parent.mkdir(parents=True, exist_ok=True)
    new = not FILE.exists()
    with FILE.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([COLUMNS, row] if new else [row])
    return code


if __name__ == "__main__":
    if len(sys.argv) < 2 or not shutil.which(sys.argv[1]):
        sys.exit(f"error: measure_energy: expected a command, got {sys.argv[1:]}")
    sys.exit(main(sys.argv[1:]))
