"""The tables, claims and figures, from a made-up tree of metrics in which every number is different."""

import json
import subprocess
import sys
from itertools import product
from pathlib import Path

import pandas as pd
import pytest
from made_up_metrics import label_file, write, write_metrics

from analysis.make_figures import draw_separation, draw_thresholds, make_figures
from analysis.make_tables import make_tables
from analysis.results import (
    LABELLED_ARMS,
    MEASURES,
    NETWORKS,
    SDRS,
    TABLE2_VALUES,
    TRAININGS,
    read_csv,
    read_results,
)
from stages.pipeline.errors import InputError
from stages.stems import CLASSES
from stages.stems.segments import ARMS

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_metrics(tmp_path_factory.mktemp("repository"))


@pytest.fixture(scope="module")
def made(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    make_tables(root, folder)
    return folder


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def load(root: Path, file: str) -> dict:
    return json.loads((root / file).read_text())


def test_table1_has_our_value_and_the_papers_in_the_right_cell(root: Path, made: Path) -> None:
    table = read(made / "table1.csv")
    keys = ["inputs", "training_data", "class"]
    assert list(table.columns) == [*keys, *MEASURES, *(f"paper_{m}" for m in MEASURES)]
    assert len(table) == 2 * 3 * 6
    cells = table.set_index(keys)
    truth = load(root, "metrics/score_classifier/noisy.json")["multi"]["drums"]
    row = cells.loc[("multi", "noisy", "drums")]
    assert row["accuracy"] == f"{100 * truth['accuracy']:.1f}" and row["f1"] == f"{truth['f1']:.3f}"
    assert row["precision"] == f"{truth['precision']:.3f}" and row["recall"] == f"{truth['recall']:.3f}"
    assert list(row[4:]) == ["87.7", "0.891", "0.82", "0.96"]
    assert list(cells.loc[("single", "clean", "pooled")][4:]) == [""] * 4


def test_table2_has_our_value_and_the_papers_in_the_right_cell(root: Path, made: Path) -> None:
    table = read(made / "table2.csv")
    keys = ["network", "training_data", "metric"]
    assert list(table.columns) == [*keys, *TABLE2_VALUES, *(f"paper_{name}" for name in TABLE2_VALUES)]
    assert len(table) == len(NETWORKS) * 5 * 2 + 2 * 2
    cells = table.set_index(keys)
    truth = load(root, "metrics/score_separator/hdemucs-psi_noisy.json")
    for metric in SDRS:
        ours = cells.loc[("hdemucs", "psi_noisy", metric)]
        assert list(ours[:5]) == [f"{truth[metric][name]:.2f}" for name in TABLE2_VALUES]
    assert list(cells.loc[("hdemucs", "psi_noisy", "csdr")][5:]) == ["4.15", "4.58", "1.62", "2.85", "3.30"]
    assert list(cells.loc[("hdemucs", "psi_noisy", "usdr")][5:]) == [""] * 5
    scale = load(root, "metrics/score_separator/ideal_ratio_mask.json")
    assert cells.loc[("ideal_ratio_mask", "-", "csdr"), "bass"] == f"{scale['csdr']['bass']:.2f}"


def test_timing_is_in_the_pipelines_order_with_a_total(made: Path) -> None:
    lines = (made / "timing.csv").read_text().splitlines()
    assert lines == [
        "stage,item,wall_seconds,training_seconds,training_share",
        "build_stems,clean,111.0,0.0,0.000",
        "corrupt_stems,,122.0,0.0,0.000",
        "train_separator,xumx-noisy,100.0,80.0,0.800",
        "total,,333.0,80.0,0.240",
    ]


def test_label_quality_has_a_row_for_each_arm(root: Path, made: Path) -> None:
    table = read(made / "label_quality.csv").set_index("arm")
    assert list(table.index) == ["noisy", "psi_clean", "psi_noisy", "psi_refined"]
    truth = load(root, "metrics/refine_labels/psi_clean.json")
    assert table.loc["psi_clean", "exact"] == f"{truth['label_quality']['exact']:.3f}"
    assert table.loc["psi_clean", "bass_recall"] == f"{truth['label_quality']['bass']['recall']:.3f}"
    assert table.loc["psi_clean", "unlabelled"] == "77"
    assert list(table["threshold"]) == ["", "0.90", "0.90", "0.90"]


def test_unknown_truth_leaves_label_quality_empty_and_undrawn(tmp_path: Path) -> None:
    write_metrics(tmp_path)
    for arm in LABELLED_ARMS:
        write(tmp_path / label_file(arm), load(tmp_path, label_file(arm)) | {"label_quality": None})
    make_tables(tmp_path, tmp_path / "results")
    assert set(read(tmp_path / "results/label_quality.csv")["exact"]) == {""}
    page = (tmp_path / "results/README.md").read_text()
    assert "label_quality.png" not in page and "not known" in page


def test_report_shows_ours_beside_the_papers(root: Path, made: Path) -> None:
    page = (made / "README.md").read_text()
    ours = load(root, "metrics/score_separator/xumx-noisy.json")["csdr"]["avg"]
    assert f"| {ours:.2f} (1.91) |" in page
    frames, tracks = page.split("Whole-track SDR")
    for text, metric in ((frames, "csdr"), (tracks, "usdr")):
        ours = load(root, "metrics/score_separator/hdemucs-psi_noisy.json")[metric]
        theirs = dict(zip(TABLE2_VALUES, ("4.15", "4.58", "1.62", "2.85", "3.30"), strict=True))
        cells = [f"{ours[c]:.2f}" + f" ({theirs[c]})" * (metric == "csdr") for c in TABLE2_VALUES]
        assert f"| Hybrid Demucs | refined by Ψ_noisy | {' | '.join(cells)} |" in text
    stems = load(root, "metrics/corrupt_stems.json")
    assert f"vocals {100 * stems['contaminated']['vocals']:.0f} % ({100 * stems['empty']['vocals']:.0f} %)" in page
    accuracy = load(root, "metrics/score_classifier/refined.json")["multi"]["avg"]["accuracy"]
    assert f"| {100 * accuracy:.1f} (89.2) |" in page
    for figure in ("separation", "thresholds", "label_quality", "training_curves"):
        assert f"(figures/{figure}.png)" in page
    assert "a processor, 2 cores" in page and "77 of 1600" in page
    assert "vocals 32 %, bass 45 %, drums 19 %, other - %" in page
    assert not [line for line in page.splitlines() if "nan" in line]


def test_claims_csv_spells_verdicts(made: Path) -> None:
    table = read(made / "claims.csv")
    assert list(table.columns) == ["id", "text", "paper", "ours", "holds", "p", "seeds", "values", "direction"]
    assert list(table["id"]) == [f"C{n}" for n in range(1, 14)]
    assert set(table["holds"][:9]) <= {"true", "false", "undecided"} and list(table["holds"][9:]) == [""] * 4
    assert all(table["p"][:9].astype(float) <= 1) and set(table["p"][9:]) == {""}
    assert all("[" in ours for ours in table["ours"][:9]) and set(table["ours"][9:]) == {"not tested yet"}


def test_a_null_sdr_is_an_empty_cell(tmp_path: Path) -> None:
    write_metrics(tmp_path)
    content = load(tmp_path, "metrics/score_separator/hdemucs-clean.json")
    content["csdr"] |= {"bass": None, "avg": None}
    write(tmp_path / "metrics/score_separator/hdemucs-clean.json", content)
    make_tables(tmp_path, tmp_path / "results")
    cells = read(tmp_path / "results/table2.csv").set_index(["network", "training_data", "metric"])
    row = cells.loc[("hdemucs", "clean", "csdr")]
    assert row["bass"] == "" and row["avg"] == "" and row["paper_bass"] == "6.16" and row["drums"] != ""
    make_figures(tmp_path, tmp_path / "figures")


@pytest.mark.parametrize("name", ["None", "NA", "null", "nan"])
def test_a_song_may_be_called_nothing(name, tmp_path: Path) -> None:
    (tmp_path / "songs.csv").write_text(f"song,class,csdr,usdr\n{name},bass,1.5,\n,bass,2,\n")
    table = read_csv(tmp_path, "songs.csv", ["song", "class", "csdr", "usdr"])
    assert table["song"].tolist() == [name, ""] and table["csdr"].tolist() == [1.5, 2] and table["usdr"].isna().all()


@pytest.mark.parametrize(
    ("file", "stage"),
    [
        ("metrics/corrupt_stems.json", "corrupt_stems"),
        ("metrics/score_separator/xumx-noisy.json", "score_separator@xumx-noisy"),
        ("metrics/score_classifier/refined.json", "score_classifier@refined"),
        ("metrics/label_segments/noisy.json", "label_segments@noisy"),
        ("metrics/refine_labels/psi_clean.json", "refine_labels@psi_clean"),
        ("metrics/score_separator/mixture.json", "score_bounds@mixture"),
        ("scores/separator/hdemucs-clean.csv", "score_separator@hdemucs-clean"),
        ("scores/classifier/noisy.csv", "score_classifier@noisy"),
    ],
)
def test_missing_file_is_one_line_and_nothing_is_written(tmp_path: Path, file: str, stage: str) -> None:
    write_metrics(tmp_path)
    (tmp_path / file).unlink()
    with pytest.raises(InputError) as raised:
        make_tables(tmp_path, tmp_path / "results")
    assert str(raised.value) == f"{file} is missing: run `dvc repro {stage}`"
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("file", "stage"),
    [
        ("curves/thresholds/clean.csv", "score_classifier@clean"),
        ("curves/classifier/noisy.csv", "train_classifier@noisy"),
        ("curves/separator/xumx-psi_noisy.csv", "train_separator@xumx-psi_noisy"),
    ],
)
def test_missing_curve_is_one_line(tmp_path: Path, file: str, stage: str) -> None:
    write_metrics(tmp_path)
    (tmp_path / file).unlink()
    with pytest.raises(InputError, match=f"^{file} is missing: run `dvc repro {stage}`$"):
        make_figures(tmp_path, tmp_path / "figures")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"csdr": {"vocals": "loud"}}, "expected a number at csdr.vocals, got 'loud'"),
        ({"usdr": {}}, "expected a number at usdr.vocals, got 'nothing'"),
        ({"frames": None}, "expected a number at frames, got None"),
    ],
)
def test_malformed_metrics_name_the_file_and_the_key(tmp_path: Path, change: dict, message: str) -> None:
    write_metrics(tmp_path)
    file = "metrics/score_separator/xumx-clean.json"
    write(tmp_path / file, load(tmp_path, file) | change)
    with pytest.raises(InputError) as raised:
        read_results(tmp_path)
    assert str(raised.value) == f"{file}: {message}"


def test_scripts_run_from_the_repositorys_root(root: Path, tmp_path: Path) -> None:
    for script in ("make_tables.py", "make_figures.py"):
        done = subprocess.run(
            [sys.executable, REPOSITORY / "analysis" / script], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
        assert done.stderr.startswith("error: ") and "is missing: run `dvc repro " in done.stderr
    write_metrics(tmp_path)
    checked = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__'); assert 'torch' not in sys.modules"
    script = REPOSITORY / "analysis/make_tables.py"
    subprocess.run([sys.executable, "-c", checked, script], cwd=tmp_path, check=True)
    assert (tmp_path / "results/table1.csv").exists()


def test_figures_are_drawn_small_and_the_same_every_time(root: Path, tmp_path: Path) -> None:
    names = ["label_quality.png", "overview.png", "separation.png", "thresholds.png", "training_curves.png"]
    for folder in ("first", "second"):
        make_figures(root, tmp_path / folder)
    first = {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()}
    assert sorted(first) == names
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "second").iterdir()}
    for content in first.values():
        assert content.startswith(b"\x89PNG") and 10_000 < len(content) < 250_000


def test_precision_and_recall_are_drawn_where_they_belong() -> None:
    """Whatever is drawn is a constant, another one for each measure, class and classifier."""
    height = {(measure, c, training): 0.5 * row + 0.1 * column + 0.01 * place
              for row, measure in enumerate(("precision", "recall"))
              for column, c in enumerate(CLASSES) for place, training in enumerate(TRAININGS)}  # fmt: skip
    rows = [{"measure": measure, "class": c, "training": training, "seed": 0, "threshold": threshold, "value": value}
            for (measure, c, training), value in height.items() for threshold in (0.1, 0.9)]  # fmt: skip
    axes = draw_thresholds(pd.DataFrame(rows), float("nan")).axes
    for ax, (measure, c) in zip(axes, product(("precision", "recall"), CLASSES), strict=True):
        drawn = [line.get_ydata()[0] for line in ax.lines if len(set(line.get_ydata())) == 1]
        assert drawn == pytest.approx([height[measure, c, training] for training in TRAININGS])


def test_bars_of_table2_have_the_deviation_over_the_seeds_that_the_table_has() -> None:
    networks = {network: 10.0 * place for place, network in enumerate(NETWORKS)}
    rows = [
        {"network": network, "training_data": arm, "metric": "csdr"}
        | {name: height + level + place for place, name in enumerate(TABLE2_VALUES)}
        | {f"{name}_std": (1 + height + level + place) / 100 for place, name in enumerate(TABLE2_VALUES)}
        for network, height in networks.items()
        for level, arm in enumerate(ARMS)
    ]
    table = pd.DataFrame(rows)
    for axes, network in zip(draw_separation(table, table).axes, NETWORKS, strict=True):
        drawn = [bars[2][0].get_segments() for bars in axes.containers if len(bars) == 3]
        for segments, arm in zip(drawn, ARMS, strict=True):
            row = table[(table["network"] == network) & (table["training_data"] == arm)].iloc[0]
            for ((_, low), (_, high)), name in zip(segments, ("avg", *CLASSES), strict=True):
                assert (low, high) == pytest.approx((row[name] - row[f"{name}_std"], row[name] + row[f"{name}_std"]))


def test_tables_are_the_same_every_time(root: Path, made: Path, tmp_path: Path) -> None:
    make_tables(root, tmp_path)
    for path in made.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()
        assert b"\r" not in path.read_bytes()
