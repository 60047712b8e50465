"""Numbers as text, and tables of text as CSV and Markdown."""

import math
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from stages.pipeline.files import atomic_file


def rounded(value: float, decimals: int, missing: str = "") -> str:
    """A number with so many decimals, never "-0.0"; `missing` for NaN."""
    return missing if math.isnan(value) else f"{round(value, decimals) + 0.0:.{decimals}f}"


def signed(value: float, decimals: int = 2) -> str:
    """A difference with its sign, never "-0.00"."""
    return f"{round(value, decimals) + 0.0:+.{decimals}f}"


def with_interval(value: float, low: float, high: float) -> str:
    """A difference and its interval."""
    return f"{signed(value)} [{signed(low)}, {signed(high)}]"


def cell(ours: str, deviation: str = "", theirs: str = "") -> str:
    """A value, its standard deviation over the seeds and the paper's, of which the last two may not exist."""
    return ours + (f" ± {deviation}" if deviation else "") + (f" ({theirs})" if theirs else "")


def round_columns(table: pd.DataFrame, decimals: dict[str, int]) -> pd.DataFrame:
    """The table with these columns as text, NaN as nothing."""
    return table.assign(**{name: [rounded(v, places) for v in table[name]] for name, places in decimals.items()})


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write UTF-8 with plain line feeds, whatever the system."""
    with atomic_file(path) as temporary:
        temporary.write_bytes(table.to_csv(index=False, lineterminator="\n").encode())


def markdown_table(header: list[str], rows: Iterable[list[str]], text_columns: int = 1) -> str:
    """A Markdown table; the first `text_columns` columns are aligned left, the others right."""
    marks = [":---" if column < text_columns else "---:" for column in range(len(header))]
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, marks, *rows])
