"""Write the results into README.md, between its two markers, from the tables in results/.

python analysis/make_readme.py        from the repository's root, after make_tables.py
"""

import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, not as a module

from analysis.formatting import markdown_table
from analysis.palette import ARM_NAMES, NETWORK_NAMES
from analysis.report import VERDICTS
from stages.pipeline.errors import InputError
from stages.pipeline.files import atomic_file

BEGIN = "<!-- results: written by `python analysis/make_readme.py` -->\n"
END = "<!-- end of results -->"


def results_section(folder: Path) -> str:
    """Table 2's and Table 1's averages beside the paper's, and the verdict on each claim: this run's, and that of all
    the seeds of the reference.
    """
    table1, table2, alone, reference = (
        pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("table1", "table2", "claims", "reference/claims")
    )
    return "\n".join([separators(table2), classifiers(table1), claims(alone, reference)])


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


def claims(alone: pd.DataFrame, reference: pd.DataFrame) -> str:
    rows = [
        [one.id, one.text, one.paper, both.ours, both.seeds, VERDICTS[both.holds], VERDICTS[one.holds]]
        for one, both in zip(alone.itertuples(), reference.itertuples(), strict=True)
    ]
    header = ["", "claim", "paper", "ours, over seeds", "seeds", "verdict", "this run's alone"]
    return f"\n{markdown_table(header, rows, text_columns=4)}\n"


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
