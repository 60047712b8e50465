"""Write the results into README.md, between its markers, from the tables in results/reference/.

python analysis/make_readme.py        from the repository's root, after make_reference.py
"""

import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, not as a module

from analysis import paper
from analysis.claims import AS_THE_PAPER, UNDECIDED
from analysis.formatting import cell, markdown_table
from analysis.gap import gap_markdown
from analysis.palette import ARM_NAMES, CLASSIFIER_NAMES, NETWORK_NAMES
from analysis.report import VERDICTS
from stages.pipeline.errors import InputError, errors_as_one_line
from stages.pipeline.files import atomic_file

WHAT_LABELS_WIN = """### What noise costs, and what labels win back

Frame-wise SDR, means over the songs, with 95 % intervals over songs and seeds. Uncorrupted: the same songs without
noise. True labels (oracle): the noisy songs, what was summed still summed, each segment labelled with what it holds."""
TABLE2 = """### Table 2: separation

Frame-wise SDR, medians over the songs, ± standard deviation over the seeds; whole-track SDR is in
[results/reference](results/reference/README.md)."""
TABLE1 = """### Table 1: classifiers

On single stems and on mixes of the test songs, averages over the classes, ± standard deviation over the seeds."""
CLAIMS = """### The paper's claims

The bounds in brackets are ours; C9's values are distances from the middle of the gap, positive where more than half of
it is won back. "Undecided" means that these seeds cannot tell, not that a claim is refuted, and with few seeds,
corrected for thirteen claims, it is nearly the only verdict that there is
([how claims are decided](docs/studies.md#how-claims-are-decided))."""


def in_short(folder: Path) -> str:
    """From the reference, in two sentences: what noise costs and labels win back, and how many claims hold."""
    gaps = pd.read_csv(folder / "reference/gap.csv")
    verdicts = pd.read_csv(folder / "reference/claims.csv", dtype=str, keep_default_na=False)
    gain = gaps.set_index(["training_data", "network"])["gain"]
    networks = [name for name in NETWORK_NAMES if name in set(gaps["network"])]
    names = " and ".join(NETWORK_NAMES[name] for name in networks)
    parts = {
        f"the noise costs {names}": "uncorrupted", "the labels of Ψ_refined win back": "psi_refined",
        "true labels would win back": "oracle",
    }  # fmt: skip
    values = [
        f"{text} {' and '.join(f'{gain[arm, network]:.2f}' for network in networks)} dB"
        for text, arm in parts.items()
        if networks and all((arm, network) in gain for network in networks)
    ]
    found = {verdict: int((verdicts["holds"] == verdict).sum()) for verdict in ("true", "false", UNDECIDED)}
    agreeing = int(((verdicts["holds"] == UNDECIDED) & (verdicts["direction"] == AS_THE_PAPER)).sum())
    gained = f"{'; '.join(values)} (of frame-wise SDR, means over songs and seeds). " if values else ""
    return (
        f"In short, with small networks and rendered music: {gained}Of the paper's {len(verdicts)} claims, tested "
        f"together at 5 %, {found['true']} are confirmed, {found['false']} do not hold, and {found[UNDECIDED]} are "
        f"undecided, {agreeing} of these leaning the paper's way.\n"
    )


def results_section(folder: Path) -> str:
    """From the reference: what noise costs and refinement wins back, Tables 2 and 1 with the paper's, the verdicts."""
    gaps = pd.read_csv(folder / "reference/gap.csv", dtype={"by_seed": str})  # of one seed it looks like a number
    table2, table1, verdicts = (
        pd.read_csv(folder / f"reference/{name}.csv", dtype=str, keep_default_na=False)
        for name in ("table2", "table1", "claims")
    )
    tables = {
        WHAT_LABELS_WIN: gap_markdown(gaps), TABLE2: separators(table2), TABLE1: classifiers(table1),
        CLAIMS: claims(verdicts),
    }  # fmt: skip
    return "\n".join(f"\n{heading}\n\n{table}\n" for heading, table in tables.items())


def separators(table: pd.DataFrame) -> str:
    theirs = paper.table2().set_index(["network", "training_data"])["avg"]
    ours = table[table["metric"] == "csdr"].set_index(["network", "training_data"])
    rows = []
    for (network, arm), row in ours.iterrows():
        cells = [cell(row["avg"], row["avg_std"]), f"{theirs[network, arm]:.2f}", row["seeds"]]
        rows.append([NETWORK_NAMES[network], ARM_NAMES[arm], *cells])
    header = ["separator", "trained on", "SDR, dB: ours", "the paper's", "seeds"]
    return markdown_table(header, rows, text_columns=2)


def classifiers(table: pd.DataFrame) -> str:
    theirs = paper.table1().set_index(["inputs", "training_data", "class"])
    rows = []
    for row in table[table["class"] == "avg"].itertuples():
        published = theirs.loc[(row.inputs, row.training_data, "avg")]
        cells = [cell(row.accuracy, row.accuracy_std), f"{published['accuracy']:.1f}"]
        cells += [cell(row.precision, row.precision_std), f"{published['precision']:.2f}"]
        cells += [cell(row.recall, row.recall_std), f"{published['recall']:.2f}"]
        rows.append([row.inputs, CLASSIFIER_NAMES[row.training_data], *cells, row.seeds])
    header = ["inputs", "classifier", "accuracy, %: ours", "the paper's"]
    header += ["precision: ours", "the paper's", "recall: ours", "the paper's", "seeds"]
    return markdown_table(header, rows, text_columns=2)


def claims(table: pd.DataFrame) -> str:
    rows = []
    for row in table.to_dict("records"):  # a namedtuple has no field named values
        verdict = f"{row['holds']}, {row['direction']}" if row["holds"] == UNDECIDED else VERDICTS[row["holds"]]
        rows.append([row["id"], row["text"], row["paper"], row["values"] or "-", row["seeds"], verdict])
    header = ["", "claim", "paper", "ours (must exceed)", "seeds", "verdict"]
    return markdown_table(header, rows, text_columns=4)


SECTIONS = {"in short": in_short, "results": results_section}


def with_results(page: str, folder: Path) -> str:
    """The page with each of `SECTIONS` between its markers. Raises InputError where they are missing."""
    for name, section in SECTIONS.items():
        first, last = f"<!-- {name}: written by `python analysis/make_readme.py` -->\n", f"<!-- end of {name} -->"
        before, begin, rest = page.partition(first)
        _, end, after = rest.partition(last)
        if not (begin and end):
            raise InputError(f"README.md: expected the lines {first.strip()} and {last}")
        page = before + begin + section(folder) + end + after
    return page


def main() -> None:
    readme = Path("README.md")
    with errors_as_one_line("README.md"):
        page = with_results(readme.read_text(encoding="utf-8"), Path("results"))
        with atomic_file(readme) as temporary:
            temporary.write_bytes(page.encode())


if __name__ == "__main__":
    main()
