"""Labels of your own (docs/own_labels.md) beside the paper's: how right they are, and what separators learn from them.

    python tools/compare_own.py       from the repository's root

Of every seed with own labels that were scored, and of the same seeds' arms, as results/reference has them. Precision,
recall and F1 are means over the classes of the audible segments, `exact` is the share of these whose labels are all
right. SDR is frame-wise, the mean over the test songs, in dB, with 95 % intervals over songs and seeds, not corrected
for their number. With one seed they are over the songs alone, and far too sure.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, not as a module

from analysis.formatting import signed, with_interval
from analysis.intervals import interval
from analysis.measurements import measurements
from analysis.palette import ARM_NAMES, NETWORK_NAMES
from analysis.reference import (
    COLUMNS,
    STEMS,
    check_parameters,
    check_stems,
    check_workspace,
    read_measured,
    read_separation,
)
from analysis.results import LABELLED_ARMS, NETWORKS, SDRS, number, read_csv, read_json
from stages.pipeline.errors import InputError, errors_as_one_line
from stages.stems.segments import PROBABILITIES, TRUTHS
from stages.variants.names import OWN

MEASURED = Path("results/reference/measured")
QUALITY = ("precision", "recall", "f1", "exact")
BESIDE = (*LABELLED_ARMS, "oracle", "clean")
NO_DECISIONS = pd.DataFrame(columns=["seed", "training_data", "inputs", "songs", *PROBABILITIES, *TRUTHS])


def workspaces() -> dict[int, Path]:
    """Those with labels of one's own, by seed. Raises InputError where there is none, or where parameters differ."""
    tables = sorted(Path("studies").glob(f"{OWN}-seed*/labels.csv"))
    seeds = {table.parent.name.removeprefix(f"{OWN}-seed"): table.parent for table in tables}
    found = {int(seed): folder for seed, folder in seeds.items() if seed.isdecimal()}  # no copy with another name
    if not found:
        raise InputError(f"studies/{OWN}-seed0/labels.csv is missing: docs/own_labels.md says how to make it")
    check_parameters(Path("params.yaml"), MEASURED / "params.yaml")
    check_stems(Path(), MEASURED / STEMS)
    for seed, workspace in found.items():
        check_workspace(Path(), OWN, seed, workspace)
    return found


def is_current(stage: str) -> bool:
    """Whether a stage of studies/own/dvc.yaml was run on what is there now; DVC knows."""
    command = ["dvc", "--cd", "studies", "status", "--json", "--with-deps", f"{OWN}/dvc.yaml:{stage}"]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise InputError(f"`{' '.join(command)}`: {result.stderr.strip().splitlines()[-1]}")
    return json.loads(result.stdout) == {}


def label_lines(found: dict[int, Path]) -> list[str]:
    """How right the labels are, of each arm and own ones, means over the seeds whose labels are current."""
    rows = {}
    for seed, workspace in found.items():
        if is_current(f"label_{OWN}@{seed}"):
            file = f"metrics/label_{OWN}.json"
            content = read_json(workspace, file)
            if content["label_quality"] is None:
                return ["The truth of these stems is not known, so labels cannot be judged."]
            rows[seed] = [number(content, file, "label_quality", name) for name in QUALITY]
    if not rows:
        return ["Labels that were not judged yet: `dvc repro` as docs/own_labels.md has it."]
    arms = read_measured(MEASURED / "labels.csv", COLUMNS["labels"])
    arms = arms[(arms["condition"] == "pipeline") & arms["labels"].isin(LABELLED_ARMS)]
    seeds = sorted(rows.keys() & set(arms["seed"]))
    if not seeds:
        return [f"Labels: {MEASURED} has none of the seeds {_listed(rows)} to compare with."]
    own = pd.DataFrame([rows[seed] for seed in seeds], columns=QUALITY).assign(labels=OWN)
    table = pd.concat([arms[arms["seed"].isin(seeds)], own])
    table = table.groupby("labels")[list(QUALITY)].mean().reindex([*LABELLED_ARMS, OWN])
    lines = [
        f"{ARM_NAMES.get(name, name):32}" + "".join(f"{v:11.3f}" for v in row) for name, *row in table.itertuples()
    ]
    return [f"{f'labels, seeds {_listed(seeds)}':32}" + "".join(f"{name:>11}" for name in QUALITY), *lines]


def separator_lines(network: str, found: dict[int, Path]) -> list[str]:
    """By how much a separator's SDR on own labels is above that on each arm, at the seeds whose scores are current."""
    columns = ["song", "class", *SDRS]
    file = f"scores/separator/{network}-{OWN}.csv"
    tables = [
        read_csv(workspace, file, columns).assign(seed=seed, network=network, training_data=OWN)
        for seed, workspace in found.items()
        if (workspace / file).exists() and is_current(f"score_{OWN}@{seed}-{network}")
    ]
    if not tables:
        return [f"{NETWORK_NAMES[network]}: no scores of the labels that are there now"]
    arms = read_separation(MEASURED)
    scores = measurements(pd.concat([arms[arms["condition"] == "pipeline"], *tables]), NO_DECISIONS, 0.5)
    values = {arm: lambda scores, arm=arm: scores.sdr(network, OWN) - scores.sdr(network, arm) for arm in BESIDE}
    lines = []
    for arm, value in values.items():
        if chosen := scores.asked_by(value):
            gain = interval(chosen, value)
            by_seed = ", ".join(signed(value(sample)) for sample in chosen.each_seed())
            text = f"  minus {ARM_NAMES[arm]}{' (other songs)' if arm == 'clean' else ''}"
            lines.append(f"{text:32}{with_interval(gain.value, gain.low, gain.high)}   by seed {by_seed}")
    level = scores.asked_by(lambda scores: scores.sdr(network, OWN))
    if not level or not lines:
        return [f"{NETWORK_NAMES[network]}: {MEASURED} has no scores of these seeds and songs to compare with"]
    lines.insert(0, f"{NETWORK_NAMES[network]}, seeds {_listed(level.seeds)}: {level.all().sdr(network, OWN):.2f} dB")
    if len(level.seeds) == 1:
        lines.append("  One seed: between the arms such intervals often miss what other seeds give. Claim nothing yet.")
    return lines


def _listed(seeds) -> str:
    return ", ".join(map(str, seeds))


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    found = workspaces()
    for lines in (label_lines(found), *(separator_lines(network, found) for network in NETWORKS)):
        print("\n".join(lines))


if __name__ == "__main__":
    with errors_as_one_line("compare_own"):
        main()
