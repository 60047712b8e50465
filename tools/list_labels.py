"""What an arm's labels say of every file, the most doubtful first.

    python tools/list_labels.py psi_refined data/labels.csv

One row for each stem file of data/arms/<arm>.csv:

    path, song, split, stem         the file below data/stems/noisy, and the class that it was filed under
    seconds                         audible ones
    vocals, bass, drums, other      share of them with that label
    unlabelled                      share of them in which no class was sure enough
    doubt                           share of them that is labelled, but not with the nominal class alone

A file without an audible segment comes last, its shares empty.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, not as a module

from stages.pipeline.errors import InputError, errors_as_one_line
from stages.pipeline.files import atomic_file
from stages.pipeline.params import load_params
from stages.refinement.thresholds import audible
from stages.stems import CLASSES
from stages.stems.segments import ARMS, LABELS, SEGMENT, read_arm

FILE = ["path", "song", "split", "stem"]


def labels_by_file(arm: pd.DataFrame, rate: int) -> pd.DataFrame:
    """A row per file of an arm, as this script's first lines say; `rate` is that of the stems, in Hz."""
    labels = arm[LABELS].to_numpy(bool)
    as_filed = (labels == (arm[["stem"]].to_numpy() == np.array(CLASSES))).all(axis=1)
    labelled = labels.any(axis=1)
    shares = arm[LABELS].assign(unlabelled=~labelled, doubt=labelled & ~as_filed)
    heard = audible(arm)
    seconds = ((arm["stop"] - arm["start"]) / rate).where(heard, 0.0)
    table = pd.concat([arm[FILE], seconds.rename("seconds")], axis=1).groupby(FILE).sum().round(2)
    of_audible = pd.concat([arm[FILE], shares.astype(float)], axis=1)[heard].groupby(FILE).mean().round(4)
    table = table.join(of_audible).reset_index()
    order = {"doubt": False, "unlabelled": False, "seconds": False, "path": True}
    return table.sort_values(list(order), ascending=list(order.values()), ignore_index=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arm", choices=ARMS)
    parser.add_argument("file", type=Path, help="to write")
    arguments = parser.parse_args()
    path, noisy = Path(f"data/arms/{arguments.arm}.csv"), Path("data/arms/noisy.csv")
    arm = read_arm(path)
    if arguments.arm != "clean" and not arm[SEGMENT].equals(read_arm(noisy)[SEGMENT]):
        raise InputError(f"{path}: expected the segments of {noisy}: it is of a run before, relabel once more")
    table = labels_by_file(arm, load_params().stems.rate)
    with atomic_file(arguments.file) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")
    doubtful = int((table["doubt"] > 0.5).sum())
    print(f"{arguments.file}: {len(table)} files, {doubtful} of them in doubt for more than half of the time")


if __name__ == "__main__":
    with errors_as_one_line("list_labels"):
        main()
