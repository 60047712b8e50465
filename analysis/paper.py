"""The paper's numbers, from paper_tables.json, in the same form as ours.

They were read from the authors' conference poster; the paper does not define its SDR, nor how it is averaged.
"""

import json
from functools import cache
from pathlib import Path

import pandas as pd

from analysis.results import MEASURES, TABLE2_VALUES

FILE = Path(__file__).with_name("paper_tables.json")
NETWORKS = ("xumx", "hdemucs")  # that its claims are about
TABLE1_DECIMALS = {"accuracy": 1, "f1": 3, "precision": 2, "recall": 2}  # as printed there


@cache
def facts() -> dict:
    """The data file: units, table1, table2, table3 and claims."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def table1() -> pd.DataFrame:
    """Table 1: inputs, training_data, class, then accuracy (percent), f1, precision, recall (0..1)."""
    rows = [
        [inputs, training, name, *(values[measure] for measure in MEASURES)]
        for inputs, trainings in facts()["table1"].items()
        for training, classes in trainings.items()
        for name, values in classes.items()
    ]
    return pd.DataFrame(rows, columns=["inputs", "training_data", "class", *MEASURES])


def table2() -> pd.DataFrame:
    """Table 2: network, training_data, metric, then each class and avg (dB).

    The paper says "SDR"; its numbers stand beside our frame-wise ones (csdr), the usual meaning in the field.
    """
    rows = [
        [network, arm, "csdr", *(values[column] for column in TABLE2_VALUES)]
        for network, arms in facts()["table2"].items()
        for arm, values in arms.items()
    ]
    return pd.DataFrame(rows, columns=["network", "training_data", "metric", *TABLE2_VALUES])


def claims() -> list[dict[str, str]]:
    """The paper's claims, each with id, text and the paper's numbers."""
    return facts()["claims"]
