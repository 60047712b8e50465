"""Labels of your own (own/labels.csv) beside the paper's: how right they are, and what separators learn from them.

    dvc repro own/dvc.yaml            trains and scores; docs/own_labels.md
    python tools/compare_own.py       from the repository's root

Precision, recall and F1 are means over the classes of the audible segments, `exact` the share of these whose labels are
all right. SDR is frame-wise, the mean over the test songs, in dB, with 95 % intervals over the songs; what another seed
would change they do not know. Separators that were not scored are left out.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, not as a module

from analysis.intervals import interval
from analysis.measurements import Measurements, measurements
from analysis.palette import NETWORK_NAMES
from analysis.results import LABELLED_ARMS, NETWORKS, SDRS, number, read_csv, read_json, read_labels
from stages.pipeline.errors import InputError, errors_as_one_line
from stages.stems.segments import PROBABILITIES, TRUTHS
from stages.variants.names import OWN

WORKSPACE = Path("own")
MEASURED = ("precision", "recall", "f1", "exact")
NO_DECISIONS = pd.DataFrame(columns=["seed", "training_data", "inputs", "songs", *PROBABILITIES, *TRUTHS])


def label_lines() -> list[str]:
    """How right the labels are of each arm, own ones last; none where the truth is not known."""
    file = "metrics/label_own.json"
    content = read_json(WORKSPACE, file)
    if content.get("label_quality") is None:
        return ["the truth of the noisy stems is not known, so labels cannot be judged: tools/judge_labels.py"]
    table = read_labels(Path()).set_index("arm")[list(MEASURED)]
    table.loc[OWN] = [number(content, file, "label_quality", name) for name in MEASURED]
    header = "".join(f"{name:>11}" for name in MEASURED)
    return [
        f"{'labels':14}{header}",
        *(f"{arm:14}{''.join(f'{v:11.3f}' for v in row)}" for arm, *row in table.itertuples()),
    ]


def songs_of(network: str) -> Measurements:
    """A separator's frame-wise SDR on every test song, trained on each arm and on own labels."""
    name = "scores/separator/{}-{}.csv".format
    columns = ["song", "class", *SDRS]
    tables = {arm: read_csv(Path(), name(network, arm), columns) for arm in ("clean", *LABELLED_ARMS)}
    tables[OWN] = read_csv(WORKSPACE, name(network, OWN), columns)
    rows = [table.assign(seed=0, network=network, training_data=arm) for arm, table in tables.items()]
    return measurements(pd.concat(rows, ignore_index=True), NO_DECISIONS, 0.5)


def separator_lines(network: str) -> list[str]:
    """A separator's SDR on own labels, and by how much it is above each arm's. Raises InputError for a single song."""
    found = songs_of(network)
    values = {f"{NETWORK_NAMES[network]}: {OWN}": lambda scores: scores.sdr(network, OWN)}
    for arm in ("clean", *LABELLED_ARMS):
        values[f"  {OWN} minus {arm}"] = lambda scores, arm=arm: scores.sdr(network, OWN) - scores.sdr(network, arm)
    lines = []
    for text, value in values.items():
        chosen = found.asked_by(value)
        if not chosen:
            raise InputError(f"{network}: expected an SDR of every class for two test songs at least")
        result = interval(chosen, value)
        lines.append(f"{text:28}{result.value:+.2f} [{result.low:+.2f}, {result.high:+.2f}]")
    return lines


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    if not (WORKSPACE / "metrics/label_own.json").exists():
        raise InputError(
            f"{WORKSPACE}/metrics/label_own.json is missing: run `dvc repro {WORKSPACE}/dvc.yaml:label_own`"
        )
    print("\n".join(label_lines()))
    for network in NETWORKS:
        if (WORKSPACE / f"scores/separator/{network}-{OWN}.csv").exists():
            print("\n".join(separator_lines(network)))


if __name__ == "__main__":
    with errors_as_one_line("compare_own"):
        main()
