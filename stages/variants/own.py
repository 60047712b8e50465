"""Labels of the noisy stems that come from outside: somebody's own way to relabel them, compared with the paper's."""

from pathlib import Path

import numpy as np
import pandas as pd

from stages.pipeline.errors import InputError
from stages.pipeline.files import read_table
from stages.refinement.thresholds import audible
from stages.stems.segments import LABELS, SEGMENT

PLACE = SEGMENT[1:]  # path, start and stop, which say what song it is


def own_labels(noisy: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The noisy arm with the labels of a CSV; a silent segment gets none, whatever is given.

    The CSV has a row for every segment, in any order: path, start, stop and, 0 or 1, every class. Other columns are
    not looked at, so that any arm is such a table.

    Raises InputError naming the row, or the first segment, where that is not so.
    """
    try:
        table = read_table(path, [*PLACE, *LABELS], ["path"])
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a table of labels: {error}") from error
    if missing := [name for name in (*PLACE, *LABELS) if name not in table.columns]:
        raise InputError(f"{path}: expected columns {','.join((*PLACE, *LABELS))}, {missing[0]} is missing")
    for row in np.flatnonzero(~table[LABELS].isin([0, 1]).all(axis=1)):
        raise InputError(f"{path}: row {row + 2}: expected labels of 0 or 1")
    places, wanted = (pd.MultiIndex.from_frame(each[PLACE]) for each in (table, noisy))
    for row in np.flatnonzero(places.duplicated() | ~places.isin(wanted)):
        raise InputError(f"{path}: row {row + 2}: expected every segment of the noisy stems once, and no other")
    for row in np.flatnonzero(~wanted.isin(places)):
        where = "{} from {} to {}".format(*wanted[row])
        raise InputError(f"{path}: expected every segment of the noisy stems, {where} is missing")
    labels = table.set_index(places)[LABELS].reindex(wanted).to_numpy(int) * audible(noisy)[:, None]
    return noisy.assign(**dict(zip(LABELS, labels.T, strict=True)))
