"""Write the results into README.md, between its two markers, from the tables in results/.

python analysis/make_readme.py        from the repository's root, after make_tables.py
"""

import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, not as a module

from analysis.formatting import markdown_table
from analysis.palette import ARM_NAMES, NETWORK_NAMES
from stages.pipeline.errors import InputError
from stages.pipeline.files import atomic_file

BEGIN = "<!-- results: written by `python analysis/make_readme.py` -->\n"
END = "<!-- end of results -->"
VERDICTS = {"true": "holds", "false": "does not hold", "undecided": "undecided", "": "not tested"}


def results_section(folder: Path) -> str:
    """Table 2's and Table 1's averages beside the paper's, and the verdict on each claim."""
    tables = [
        pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False) for name in ("table1", "table2", "claims")
    ]
    return "\n".join([separators(tables[1]), classifiers(tables[0]), claims(tables[2])])


def separators(table: pd.DataFrame) -> str:
    rows = [
        [NETWORK_NAMES[row.network], ARM_NAMES.get(row.training_data, "–"), row.avg, row.paper_avg or "–"]
        for row in table[table["metric"] == "csdr"].itertuples()
    ]
    header = ["separator", "trained on", "SDR, dB: ours", "the paper's"]
    return f"\n{markdown_table(header, rows, text_columns=2)}\n"


def classifiers(table: pd.DataFrame) -> str:
    rows = [
        [row.inputs, f"Ψ_{row.training_data}", row.accuracy, row.paper_accuracy, row.recall, row.paper_recall]
        for row in table[table["class"] == "avg"].itertuples()
    ]
    header = ["inputs", "classifier", "accuracy, %: ours", "the paper's", "recall: ours", "the paper's"]
    return f"\n{markdown_table(header, rows, text_columns=2)}\n"


def claims(table: pd.DataFrame) -> str:
    rows = [[row.id, row.text, row.paper, row.ours, VERDICTS[row.holds]] for row in table.itertuples()]
    return f"\n{markdown_table(['', 'claim', 'paper', 'ours', 'verdict'], rows, text_columns=5)}\n"


def with_results(page: str, section: str) -> str:
    """The page with `section` between the markers. Raises InputError where they are missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise InputError(f"README.md: expected the lines {BEGIN.strip()} and {END}")
    return before + begin + section + end + after


def main() -> None:
    readme = Path("README.md")
    try:
        page = with_results(readme.read_text(encoding="utf-8"), results_section(Path("results")))
    except InputError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: {error.filename}: {error.strerror}")
    with atomic_file(readme) as temporary:
        temporary.write_bytes(page.encode())


if __name__ == "__main__":
    main()
