"""Write the results into README.md, between its markers, from the tables in results/reference/.

python analysis/make_readme.py        from the repository's root, after make_reference.py
"""

import sys
from math import nan
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, not as a module

from analysis import paper
from analysis.claims import AS_THE_PAPER, UNDECIDED
from analysis.formatting import cell, markdown_table, rounded
from analysis.gap import UNCORRUPTED, gap_markdown
from analysis.palette import ARM_NAMES, CLASSIFIER_NAMES, NETWORK_NAMES
from analysis.report import leaning
from analysis.results import SCALES, networks_of
from stages.pipeline.errors import InputError, errors_as_one_line
from stages.pipeline.files import atomic_file

IN_SHORT = {
    "what the noise costs": ("pipeline", UNCORRUPTED),
    "what true labels would win back": ("pipeline", "oracle"),
    "what the labels of Ψ_refined win back": ("pipeline", "psi_refined"),
    "what those segments alone win back whose label Ψ_refined confirms": ("pipeline", "filtered_by_psi_refined"),
    "what those alone win back whose label Ψ_noisy, the first classifier, confirms": (
        "pipeline",
        "filtered_by_psi_noisy",
    ),
    "with 40 % of the sources mislabelled, shorter trainings: what the noise costs": ("flips_40", UNCORRUPTED),
    "likewise, what true labels would win back": ("flips_40", "oracle"),
    "likewise, what the labels of Ψ_refined win back": ("flips_40", "psi_refined"),
    "likewise, what those segments alone win back whose label Ψ_refined confirms": (
        "flips_40",
        "filtered_by_psi_refined",
    ),
    "likewise, what those alone win back whose label Ψ_noisy confirms": ("flips_40", "filtered_by_psi_noisy"),
}  # condition and training data
WHAT_LABELS_WIN = """### What noise costs, and what labels win back

Frame-wise SDR, means over the songs, with 95 % intervals over songs and seeds. Uncorrupted: the same songs without
noise. True labels (oracle): the noisy songs, what was summed still summed, each segment labelled with what it holds."""
TABLE2 = """### Table 2: separation

Frame-wise SDR, medians over the songs, ± standard deviation over the seeds; whole-track SDR is in
[results/reference](results/reference/README.md). For scale: the mixture as every estimate, and masks of the true stems'
magnitudes."""
TABLE1 = """### Table 1: classifiers

On single stems and on mixes of the test songs, averages over the classes, ± standard deviation over the seeds."""
LABELS = """### The labels, before and after refinement

Of the audible segments of the noisy stems, whose truth is known: means over the classes, and the share of the segments
whose labels are all right, ± standard deviation over the seeds. Noisy: the nominal labels, as found. The paper could
not measure this."""
LABEL_COLUMNS = {"precision": "precision", "recall": "recall", "f1": "F1", "exact": "all right"}
DECIDED = {"true": "confirmed", "false": "false"}
CLAIMS = """### The paper's claims

The bounds in brackets are ours. C6's values are those of the labels of Ψ_clean, Ψ_noisy and Ψ_refined; C9's are
distances from the middle of the gap, positive where more than half of it is won back. "Undecided" means that these
seeds cannot tell, not that a claim is refuted, and with few seeds, corrected for thirteen claims, it is nearly the only
verdict that there is ([how claims are decided](docs/studies.md#how-claims-are-decided))."""


def in_short(folder: Path) -> str:
    """From the reference: what noise costs and labels win back, and how many claims hold."""
    gains = what_is_won(*(pd.read_csv(folder / f"reference/{name}.csv") for name in ("gap", "noise", "strategies")))
    verdicts, elsewhere = (
        pd.read_csv(folder / f"reference/{name}.csv", dtype=str, keep_default_na=False)
        for name in ("claims", "claims_by_threshold")
    )
    return (f"{gains}\n\n" if gains else "") + f"{how_many_hold(verdicts)} {decided_elsewhere(elsewhere)}\n"


def what_is_won(gaps: pd.DataFrame, noises: pd.DataFrame, strategies: pd.DataFrame) -> str:
    """The rows of `IN_SHORT` that were run, for each network; nothing where none was."""
    costs = noises[["condition", "network", "cost", "seeds"]].rename(columns={"cost": "gain"})
    labelled = strategies.rename(columns={"strategy": "training_data"})
    table = pd.concat([gaps.assign(condition="pipeline"), costs.assign(training_data=UNCORRUPTED), labelled])
    table = table.drop_duplicates(["condition", "training_data", "network"])  # some have what the pipeline trains
    found = table.set_index(["condition", "training_data", "network"])[["gain", "seeds"]].to_dict("index")
    networks = networks_of(table)
    rows = []
    for text, key in IN_SHORT.items():
        cells = [found.get((*key, network), {}) for network in networks]
        seeds = sorted({str(cell["seeds"]) for cell in cells if cell})
        if seeds:
            rows.append([text, *(rounded(cell.get("gain", nan), 2, "-") for cell in cells), ", ".join(seeds)])
    header = ["small networks, rendered music: SDR in dB, mean over songs and seeds"]
    return markdown_table([*header, *(NETWORK_NAMES[name] for name in networks), "seeds"], rows) if rows else ""


def how_many_hold(verdicts: pd.DataFrame) -> str:
    found = {verdict: int((verdicts["holds"] == verdict).sum()) for verdict in ("true", "false", UNDECIDED)}
    agreeing = int(((verdicts["holds"] == UNDECIDED) & (verdicts["direction"] == AS_THE_PAPER)).sum())
    return (
        f"Of the paper's {len(verdicts)} claims, tested together at 5 %, {found['true']} are confirmed, "
        f"{found['false']} do not hold, and {found[UNDECIDED]} are undecided, {agreeing} of these leaning the paper's "
        "way: so few seeds rarely decide."
    )


def decided_elsewhere(verdicts: pd.DataFrame) -> str:
    """What C1 to C4 are at every threshold from which on a classifier may say a class."""
    said = []
    for threshold, table in verdicts.groupby("threshold"):
        ids = {text: ", ".join(table.loc[table["holds"] == holds, "id"]) for holds, text in DECIDED.items()}
        found = [f"{found} {text}" for text, found in ids.items() if found]
        said.append(f"{threshold}: {' and '.join(found) or 'none is decided'}")
    return (
        "C1 to C4 hang on the probability from which on a classifier says a class, one half here; the paper gives "
        f"none. Looked at afterwards, and corrected for that: {'; '.join(said)}."
    )


def results_section(folder: Path) -> str:
    """From the reference: what noise costs and refinement wins back, Tables 2 and 1, labels, claims."""
    gaps = pd.read_csv(folder / "reference/gap.csv", dtype={"by_seed": str})  # of one seed it looks like a number
    table2, table1, quality, verdicts = (
        pd.read_csv(folder / f"reference/{name}.csv", dtype=str, keep_default_na=False)
        for name in ("table2", "table1", "labels", "claims")
    )
    scales = pd.read_csv(folder / "table2.csv", dtype=str, keep_default_na=False)
    scales = scales[scales["network"].isin(SCALES)]
    tables = {
        WHAT_LABELS_WIN: gap_markdown(gaps), TABLE2: separators(table2, scales), TABLE1: classifiers(table1),
        LABELS: labels(quality), CLAIMS: claims(verdicts),
    }  # fmt: skip
    return "\n".join(f"\n{heading}\n\n{table}\n" for heading, table in tables.items())


def separators(table: pd.DataFrame, scales: pd.DataFrame) -> str:
    """Table 2; `scales` are rows of a single run, since neither seeds nor trainings have a part in them."""
    theirs = paper.table2().set_index(["network", "training_data"])["avg"]
    ours = table[table["metric"] == "csdr"].set_index(["network", "training_data"])
    rows = []
    for (network, arm), row in ours.iterrows():
        cells = [cell(row["avg"], row["avg_std"]), rounded(theirs.get((network, arm), nan), 2, "-"), row["seeds"]]
        rows.append([NETWORK_NAMES[network], ARM_NAMES[arm], *cells])
    for row in scales[scales["metric"] == "csdr"].to_dict("records"):
        rows.append([NETWORK_NAMES[row["network"]], "-", row["avg"], "-", "-"])
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


def labels(table: pd.DataFrame) -> str:
    rows = [
        [ARM_NAMES[row["labels"]], *(cell(row[name], row[f"{name}_std"]) for name in LABEL_COLUMNS), row["seeds"]]
        for row in table.to_dict("records")
    ]
    return markdown_table(["labels", *LABEL_COLUMNS.values(), "seeds"], rows)


def claims(table: pd.DataFrame) -> str:
    rows = []
    for row in table.to_dict("records"):  # a namedtuple has no field named values
        verdict = leaning(row["holds"], row["direction"])
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
