"""Write the results into README.md, between its two markers, from the tables in results/reference/.

python analysis/make_readme.py        from the repository's root, after make_reference.py
"""

import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, not as a module

from analysis import paper
from analysis.claims import UNDECIDED
from analysis.formatting import cell, markdown_table
from analysis.gap import gap_markdown
from analysis.palette import ARM_NAMES, CLASSIFIER_NAMES, NETWORK_NAMES
from analysis.report import VERDICTS
from stages.pipeline.errors import InputError, errors_as_one_line
from stages.pipeline.files import atomic_file

BEGIN = "<!-- results: written by `python analysis/make_readme.py` -->\n"
END = "<!-- end of results -->"


def results_section(folder: Path) -> str:
    """From the reference: what noise costs and refinement wins back, Tables 2 and 1 with the paper's, the verdicts."""
    gaps = pd.read_csv(folder / "reference/gap.csv", dtype={"by_seed": str})  # of one seed it looks like a number
    table2, table1, verdicts = (
        pd.read_csv(folder / f"reference/{name}.csv", dtype=str, keep_default_na=False)
        for name in ("table2", "table1", "claims")
    )
    return "\n".join([f"\n{gap_markdown(gaps)}\n", separators(table2), classifiers(table1), claims(verdicts)])


def separators(table: pd.DataFrame) -> str:
    theirs = paper.table2().set_index(["network", "training_data"])["avg"]
    ours = table[table["metric"] == "csdr"].set_index(["network", "training_data"])
    rows = []
    for (network, arm), row in ours.iterrows():
        cells = [cell(row["avg"], row["avg_std"]), f"{theirs[network, arm]:.2f}", row["seeds"]]
        rows.append([NETWORK_NAMES[network], ARM_NAMES[arm], *cells])
    header = ["separator", "trained on", "SDR, dB: ours", "the paper's", "seeds"]
    return f"\n{markdown_table(header, rows, text_columns=2)}\n"


def classifiers(table: pd.DataFrame) -> str:
    theirs = paper.table1().set_index(["inputs", "training_data", "class"])
    rows = []
    for row in table[table["class"] == "avg"].itertuples():
        published = theirs.loc[(row.inputs, row.training_data, "avg")]
        cells = [cell(row.accuracy, row.accuracy_std), f"{published['accuracy']:.1f}"]
        cells += [cell(row.recall, row.recall_std), f"{published['recall']:.2f}"]
        rows.append([row.inputs, CLASSIFIER_NAMES[row.training_data], *cells, row.seeds])
    header = ["inputs", "classifier", "accuracy, %: ours", "the paper's", "recall: ours", "the paper's", "seeds"]
    return f"\n{markdown_table(header, rows, text_columns=2)}\n"


def claims(table: pd.DataFrame) -> str:
    rows = []
    for row in table.to_dict("records"):  # a namedtuple has no field named values
        verdict = f"{row['holds']}, {row['direction']}" if row["holds"] == UNDECIDED else VERDICTS[row["holds"]]
        rows.append([row["id"], row["text"], row["paper"], row["values"] or "-", row["seeds"], verdict])
    header = ["", "claim", "paper", "ours (must exceed)", "seeds", "verdict"]
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
    with errors_as_one_line("README.md"):
        page = with_results(readme.read_text(encoding="utf-8"), results_section(Path("results")))
        with atomic_file(readme) as temporary:
            temporary.write_bytes(page.encode())


if __name__ == "__main__":
    main()
