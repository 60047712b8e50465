"""The reference results, which grow from what the studies measured."""

import json
from itertools import combinations
from types import SimpleNamespace

import made_up_metrics as made_up
import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import ROOT
from made_up_metrics import workspace
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from analysis.gap import NOISE, NOISE_DECIMALS
from analysis.make_figures import style
from analysis.make_readme import results_section
from analysis.make_reference import make_reference
from analysis.palette import ARM_COLOURS, subscripted
from analysis.reference import collect
from analysis.reference_figures import (
    draw_false_labels,
    draw_figure4,
    draw_noises,
    draw_rounds,
    draw_strategies,
    in_common,
    legend_with_uncorrupted,
)
from analysis.reference_tables import at_thresholds, labels_by_noise, on_several, sdr_by_seed
from stages.pipeline.errors import InputError
from stages.stems import CLASSES
from stages.stems.segments import PROBABILITIES, TRUTHS
from stages.variants.names import ROUNDS, VARIANTS

STUDIES = yaml.safe_load((ROOT / "studies/params.yaml").read_text())


def test_sdr_of_a_seed_is_what_its_own_table_says(tmp_path):
    folder = workspace(tmp_path / "studies", "base-seed0")
    table = sdr_by_seed(collect(tmp_path, tmp_path / "measured").separation)
    songs = pd.read_csv(folder / "scores/separator/hdemucs-noisy.csv")
    row = table[(table["network"] == "hdemucs") & (table["training_data"] == "noisy")].set_index("metric")
    for metric, column, how in (("csdr", "csdr", "median"), ("usdr", "usdr", "mean"), ("csdr_mean", "csdr", "mean")):
        by_class = songs.groupby("class")[column].agg(how)
        assert row.loc[metric, "drums"] == pytest.approx(by_class["drums"], abs=1e-3)
        assert row.loc[metric, "avg"] == pytest.approx(by_class.mean(), abs=1e-3)


def test_half_done_studies_give_what_they_have(tmp_path):
    workspace(tmp_path / "studies", "base-seed0", ("oracle", "single_only"))
    folder = workspace(tmp_path / "studies", "pipeline-seed0")
    for path in (folder / "scores/classifier").glob("*"):
        path.unlink()
    make_reference(tmp_path, tmp_path)
    claims = pd.read_csv(tmp_path / "reference/claims.csv", keep_default_na=False).set_index("id")
    assert claims.loc["C11", "holds"] in ("true", "false", "undecided")
    assert list(claims.loc[["C1", "C4", "C10", "C13"], "holds"]) == [""] * 4
    assert list(pd.read_csv(tmp_path / "reference/table3.csv")["variant"].unique()) == [
        "noisy", "proposed", "threshold_0.9", "single_labeled_only", "oracle", "clean",
    ]  # fmt: skip
    assert list(pd.read_csv(tmp_path / "table3.csv").columns) == ["variant", "metric", *CLASSES, "avg"]
    page = (tmp_path / "reference/README.md").read_text()
    assert "Not run yet: threshold_0.5, adaptive_thresholds" in page and "noise_sweep" not in page


def test_each_row_of_table_3_is_of_its_own_variant(tmp_path):
    named = {"noisy": "noisy", "proposed": "psi_refined", "threshold_0.5": "threshold_0.5", "oracle": "oracle",
             "threshold_0.9": "threshold_0.9", "adaptive_thresholds": "adaptive", "single_labeled_only": "single_only",
             "finetuned_with_multi_labeled": "fine_tuned", "self_refining_x5": "round_5", "clean": "clean"}  # fmt: skip
    arms = ("noisy", "psi_refined", "clean")  # that every workspace has
    workspace(tmp_path / "studies", "base-seed0", tuple(name for name in named.values() if name not in arms))
    make_reference(tmp_path, tmp_path)
    table = pd.read_csv(tmp_path / "reference/table3.csv").set_index(["metric", "variant"])["avg"]
    measured = pd.read_csv(tmp_path / "reference/sdr.csv").query("network == 'xumx'")
    measured = measured.set_index(["metric", "training_data"])["avg"]
    assert set(table["csdr"].index) == set(named) and measured["csdr"].nunique() >= len(named)
    assert {row: table["csdr", row] for row in named} == {row: measured["csdr", name] for row, name in named.items()}


def test_every_figure_is_drawn_once_its_runs_are_there(tmp_path):
    random = np.random.default_rng(1)
    folder = workspace(tmp_path / "studies", "base-seed0", (*VARIANTS, "round_5", "fine_tuned"))
    for name in ("threshold_0.9", "threshold_0.5"):
        made_up.label_files(folder, "psi_clean", random)
        content = json.loads((folder / "metrics/refine_labels/psi_clean.json").read_text())
        made_up.write(folder / f"metrics/label_variant/{name}.json", content | {"threshold": float(name[10:])})
    for name in ROUNDS:
        made_up.classifier_files(folder, name, 0.9, random)
    for condition in ("pipeline", *STUDIES["noises"]):
        workspace(tmp_path / "studies", f"{condition}-seed0", ("oracle",))
    make_reference(tmp_path, tmp_path)
    figures = {path.name for path in (tmp_path / "reference/figures").iterdir()}
    assert figures == {
        "gap.png", "separation.png", "figure4.png", "strategies.png", "noise.png", "noise_sweep.png",
        "kinds_of_noise.png", "false_labels.png", "threshold_curve.png", "rounds.png",
    }  # fmt: skip
    claims = pd.read_csv(tmp_path / "reference/claims.csv", keep_default_na=False)
    assert set(claims["holds"]) <= {"true", "false", "undecided"} and all("[" in ours for ours in claims["ours"])
    rows = ["xumx,clean,csdr,4.00", "mixture,-,csdr,-5.38", "mixture,-,usdr,-5.36"]
    (tmp_path / "table2.csv").write_text("\n".join(["network,training_data,metric,avg", *rows]) + "\n")
    section = results_section(tmp_path)
    assert "| X-UMX | clean minus noisy | +" in section  # of one seed, too
    assert "\n| the mixture itself | - | -5.38 | - | - |\n" in section and "-5.36" not in section


def test_ablations_come_from_the_shorter_trainings_and_the_rest_from_the_pipeline(tmp_path):
    random = np.random.default_rng(5)
    for condition, gain in (("pipeline", 3.0), ("base", -3.0)):
        folder = workspace(tmp_path / "studies", f"{condition}-seed0")
        for arm, level in {"noisy": 4.0, "clean": 4.0 + gain, "psi_refined": 4.0 + gain, "single_only": 4.0}.items():
            made_up.separator_files(folder, f"xumx-{arm}", level, random)
    make_reference(tmp_path, tmp_path)
    gap, table2, table3, claims = (
        pd.read_csv(tmp_path / f"reference/{name}.csv") for name in ("gap", "table2", "table3", "claims")
    )
    assert gap.loc[(gap["network"] == "xumx") & (gap["training_data"] == "clean"), "gain"].item() > 2
    xumx = table2[(table2["network"] == "xumx") & (table2["metric"] == "csdr")].set_index("training_data")["avg"]
    assert xumx["clean"] - xumx["noisy"] > 2
    ablations = table3[table3["metric"] == "csdr"].set_index("variant")["avg"]
    assert ablations["proposed"] - ablations["single_labeled_only"] < -2
    assert claims.set_index("id").loc["C11", "holds"] == "false"


def test_conditions_side_by_side_have_the_same_seeds_in_every_value(tmp_path):
    for condition in ("base", "pipeline", "longer"):
        for seed in (0, 1):
            workspace(tmp_path / "studies", f"{condition}-seed{seed}", seed=seed)
    for file in (tmp_path / "studies/longer-seed1").glob("*/*/xumx-*"):
        file.unlink()
    make_reference(tmp_path, tmp_path)
    page = (tmp_path / "reference/README.md").read_text().split("## Short and long trainings")[1]
    rows = page.strip().splitlines()[4:7]
    assert [row.split(" | ")[0] for row in rows] == ["| base", "| pipeline", "| longer"]
    assert all(row.endswith(" | 1 |") and "±" not in row for row in rows)


def test_two_thresholds_are_no_curve_and_three_are(tmp_path):
    random = np.random.default_rng(3)
    folder = workspace(tmp_path / "studies", "base-seed0")
    curve = tmp_path / "reference/figures/threshold_curve.png"
    for threshold, drawn in ((0.75, False), (0.99, True)):  # Ψ_refined's own labels are those of the 0.9 made up
        name = f"threshold_{threshold:g}"
        made_up.separator_files(folder, f"xumx-{name}", 4.0, random)
        made_up.label_files(folder, "psi_clean", random)
        content = json.loads((folder / "metrics/refine_labels/psi_clean.json").read_text())
        made_up.write(folder / f"metrics/label_variant/{name}.json", content | {"threshold": threshold})
        make_reference(tmp_path, tmp_path)
        assert curve.exists() == drawn


def test_figures_on_noise_have_a_line_at_the_level_without_it():
    rows = [("flips_00", 0, 3.0), ("flips_00", 1, 4.0), ("flips_00", 2, 9.0), ("uniform", 0, 1.0), ("uniform", 1, 1.0)]
    by_seed = pd.DataFrame(rows, columns=["condition", "seed", "avg"])
    by_seed = by_seed.assign(network="xumx", metric="csdr_mean", training_data="noisy")
    figure = Figure()
    axes = figure.subplots()
    legend_with_uncorrupted(figure, by_seed, by_seed[by_seed["condition"] == "uniform"])
    assert [list(line.get_ydata()) for line in axes.lines] == [[3.5, 3.5]]
    assert [text.get_text() for text in figure.legends[0].get_texts()][-1] == "uncorrupted"


def test_error_bars_are_the_standard_deviation_over_the_seeds_on_both_sides():
    rows = [("oracle", 0, 4.0), ("oracle", 1, 6.0), ("removed_10", 0, 1.0), ("removed_10", 1, 5.0),
            ("added_10", 0, 3.0), ("added_10", 1, 3.0)]  # fmt: skip
    by_seed = pd.DataFrame(rows, columns=["training_data", "seed", "avg"])
    axes = draw_false_labels(by_seed.assign(condition="base", network="xumx", metric="csdr_mean")).axes[0]
    bars = [container[2][0].get_segments() for container in axes.containers]
    ends = [[(low, high) for (_, low), (_, high) in segments] for segments in bars]
    removed, added = sorted(ends, key=lambda pairs: pairs[1][1] - pairs[1][0], reverse=True)
    assert removed == [pytest.approx((5 - 2**0.5, 5 + 2**0.5)), pytest.approx((3 - 8**0.5, 3 + 8**0.5))]
    assert added == [pytest.approx((5 - 2**0.5, 5 + 2**0.5)), pytest.approx((3, 3))]


def test_noises_are_drawn_with_their_intervals():
    values = {"flips_00": 0.0, "flips_40": 1.0, "base": 2.0, "bleeding": 3.0}
    offsets = [place + end for place in (0.0, 0.2, 0.4) for end in (0.0, -0.5, 0.7)]
    rows = [[name, *(value + offset for offset in offsets)] for name, value in values.items()]
    noises = pd.DataFrame(rows, columns=["condition", *NOISE_DECIMALS]).assign(network="xumx")
    noises = pd.concat([noises, noises[:1].assign(network="hdemucs", cost=9.0)], ignore_index=True)  # is left out
    sweep, kinds = draw_noises(noises).axes
    for ax, names in ((sweep, ["flips_00", "flips_40"]), (kinds, ["base", "bleeding"])):
        for container, name in zip(ax.containers, NOISE, strict=True):
            rows = noises[noises["network"] == "xumx"].set_index("condition").loc[names]
            assert list(container[0].get_ydata()) == pytest.approx(list(rows[name]))
            ends = [(low, high) for (_, low), (_, high) in container[2][0].get_segments()]
            assert ends == [pytest.approx(pair) for pair in zip(rows[f"{name}_low"], rows[f"{name}_high"])]
    assert draw_noises(noises[1:]) is None  # one share of flips is no sweep


def test_figure_4_has_precision_above_and_recall_below():
    """Of four stems, all called vocals with 0.8, one is: precision a quarter, recall 1, until nothing is said."""
    rows = [["single", "clean", 0, *[0.8, 0.1, 0.1, 0.1], *[int(number == 0), 0, 0, 1]] for number in range(4)]
    decisions = pd.DataFrame(rows, columns=["inputs", "training_data", "seed", *PROBABILITIES, *TRUTHS])
    axes = draw_figure4(decisions).axes
    for ax, height in ((axes[0], 0.25), (axes[4], 1.0)):
        values = np.concatenate([line.get_ydata() for line in ax.lines if len(line.get_ydata()) > 2])
        assert values[:79] == pytest.approx(height)


def test_rounds_of_self_refining_are_drawn_by_kind_of_input():
    rows = [
        ["base", training, 0, inputs, "avg", level + place]
        for place, training in enumerate(("noisy", "refined", "round_2"))
        for inputs, level in (("single", 90), ("multi", 80))
    ]
    heard = pd.DataFrame(rows, columns=["condition", "training_data", "seed", "inputs", "class", "accuracy"])
    names = ("psi_noisy", "psi_refined", "round_2")
    rows = [["base", name, 0, 0.1 * place, 0.2, 0.9] for place, name in enumerate(names)]
    labels = pd.DataFrame(rows, columns=["condition", "labels", "seed", "f1", "precision", "recall"])
    axes = draw_rounds(SimpleNamespace(classification=heard, labels=labels)).axes
    drawn = [list(dict.fromkeys(tuple(line.get_ydata()) for line in ax.lines if len(line.get_ydata()))) for ax in axes]
    assert drawn[0] == [(90, 91, 92), (80, 81, 82)]
    assert np.allclose(drawn[1], [[0, 0.1, 0.2], [0.2] * 3, [0.9] * 3])


def test_what_is_done_with_noisy_labels_is_drawn_by_noise_and_network():
    """A panel for each, of which one may be empty; filtering has open circles, in the colour of what it filters by."""
    names = ["condition", "network", "strategy", "gain", "gain_low", "gain_high", "by_seed"]
    rows = [["flips_40", "xumx", "psi_noisy", 0.5, 0.25, 1.0, "+0.25/+0.75"],
            ["base", "xumx", "oracle", 1.5, 1.0, 2.0, "+1.50"],
            ["base", "hdemucs", "filtered_by_psi_noisy", 2.5, 2.0, 3.0, "+2.50"],
            ["base", "hdemucs", "filtered_by_truth", 3.5, 3.0, 4.0, "+3.50"]]  # fmt: skip
    style()
    figure = draw_strategies(pd.DataFrame(rows, columns=names))
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == [
        f"{network}\n{noise}"
        for noise in ("default noise, shorter trainings", "40 % of the sources flipped")
        for network in ("X-UMX", "Hybrid Demucs")
    ]
    drawn = [[line for line in ax.lines if line.get_marker() == "o"] for ax in figure.axes]
    places = [[(*line.get_xdata(), *line.get_ydata()) for line in panel] for panel in drawn]
    assert places == [[(1.5, 3)], [(2.5, 1), (3.5, 2)], [(0.5, 0)], []]
    assert [[text.get_text() for text in ax.texts] for ax in figure.axes] == [[], [], [], ["not run"]]
    ticks = ["relabelled by Ψ_noisy", "filtered by Ψ_noisy", "filtered by the truth", "true labels (oracle)"]
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == list(map(subscripted, ticks))
    faces = [[(line.get_color(), line.get_markerfacecolor()) for line in panel] for panel in drawn]
    yellow, pink = ARM_COLOURS["psi_noisy"], ARM_COLOURS["oracle"]
    assert faces == [[(pink, pink)], [(yellow, "white"), (pink, "white")], [(yellow, yellow)], []]
    assert [list(line.get_xdata()) for line in figure.axes[2].lines[:1]] == [[0.25, 1.0]]
    assert list(figure.axes[2].lines[2].get_xdata()) == [0.25, 0.75]


def test_a_line_has_the_same_seeds_at_every_point():
    table = pd.DataFrame({"seed": [0, 0, 0, 1, 1, 2], "name": ["a", "b", "c", "a", "b", "a"]})
    assert in_common(table)["seed"].tolist() == [0, 0, 0]
    assert in_common(table[table["name"] != "c"])["seed"].tolist() == [0, 0, 1, 1]


def test_what_noise_costs_is_said_of_both_networks_where_that_was_run(tmp_path):
    workspace(tmp_path / "studies", "pipeline-seed0")
    folder = workspace(tmp_path / "studies", "uncorrupted-seed0")
    make_reference(tmp_path, tmp_path)
    gaps = pd.read_csv(tmp_path / "reference/gap.csv").set_index(["network", "training_data"])
    for network in ("xumx", "hdemucs"):
        without, with_noise = (
            pd.read_csv(each / f"scores/separator/{network}-noisy.csv")["csdr"].mean()
            for each in (folder, tmp_path / "studies/pipeline-seed0")
        )
        assert gaps.loc[(network, "uncorrupted"), "by_seed"] == pytest.approx(without - with_noise, abs=0.006)


def test_a_noise_half_run_at_a_second_seed_changes_no_figure_and_no_row_of_the_others(tmp_path):
    for condition in STUDIES["noises"]:
        workspace(tmp_path / "studies", f"{condition}-seed0", ("oracle",))
    workspace(tmp_path / "studies", "base-seed0", ("oracle",))
    make_reference(tmp_path, tmp_path)
    figures = [tmp_path / f"reference/figures/{name}.png" for name in ("noise_sweep", "kinds_of_noise")]
    before, noise = [file.read_bytes() for file in figures], pd.read_csv(tmp_path / "reference/noise.csv")
    assert noise["condition"].tolist() == [*STUDIES["noises"][:6], "base", "uniform", "bleeding"]
    random = np.random.default_rng(7)
    for condition in ("flips_00", "flips_20", "uniform"):
        folder = workspace(tmp_path / "studies", f"{condition}-seed1", ("oracle",), seed=1)
        made_up.separator_files(folder, "xumx-noisy", 9.0, random)
        made_up.classifier_files(folder, "noisy", 0.5, random)
        file = folder / "metrics/refine_labels/psi_noisy.json"
        content = json.loads(file.read_text())
        content["label_quality"]["f1"] /= 2
        made_up.write(file, content)
    for lacking in (tmp_path / "studies/uniform-seed1").glob("*/separator/xumx-oracle.*"):
        lacking.unlink()
    make_reference(tmp_path, tmp_path)
    assert [file.read_bytes() for file in figures] == before
    after = pd.read_csv(tmp_path / "reference/noise.csv").set_index("condition")
    assert after["seeds"].to_dict() == dict.fromkeys(noise["condition"], 1) | {"flips_00": 2, "flips_20": 2}
    without, with_noise = (
        pd.read_csv(tmp_path / f"studies/{condition}-seed1/scores/separator/xumx-noisy.csv")["csdr"].mean()
        for condition in ("flips_00", "flips_20")
    )
    assert after.loc["flips_20", "cost_by_seed"].split("/")[1] == f"{without - with_noise:+.2f}"
    page = (tmp_path / "reference/README.md").read_text().split("## Where self-refining helps a separator, by noise")[1]
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows[2:4]] == [
        "| 0 % of the sources flipped", "| 10 % of the sources flipped",
    ]  # fmt: skip


def test_labels_are_compared_by_noise_where_their_truth_is_known(tmp_path):
    for seed in (0, 1):
        for condition in ("flips_20", "uniform"):
            workspace(tmp_path / "studies", f"{condition}-seed{seed}")
    exact = [0.3, 0.5]
    for seed, value in enumerate(exact):
        file = tmp_path / f"studies/flips_20-seed{seed}/metrics/refine_labels/psi_noisy.json"
        content = json.loads(file.read_text())
        content["label_quality"]["exact"] = value
        made_up.write(file, content)
    for labels in ("label_segments/noisy", "refine_labels/psi_noisy", "refine_labels/psi_refined"):
        file = tmp_path / f"studies/uniform-seed1/metrics/{labels}.json"
        made_up.write(file, json.loads(file.read_text()) | {"label_quality": None})
    table = labels_by_noise(collect(tmp_path, tmp_path / "measured").labels, ["flips_00", "uniform", "flips_20"])
    assert table[["condition", "seeds"]].to_numpy().tolist() == [["uniform", 1], ["flips_20", 2]]
    assert table.loc[1, ["exact_psi_noisy", "exact_psi_noisy_std"]].tolist() == pytest.approx(
        [0.4, np.std(exact, ddof=1)]
    )
    make_reference(tmp_path, tmp_path)
    page = (tmp_path / "reference/README.md").read_text().split("## Which labels are the better ones, by noise")[1]
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows[2:4]] == [
        "| 20 % of the sources flipped",
        "| uniform flips",
    ]


def test_the_page_has_both_kinds_of_sdr(tmp_path):
    folder = workspace(tmp_path / "studies", "pipeline-seed0")
    make_reference(tmp_path, tmp_path)
    frames, tracks = (tmp_path / "reference/README.md").read_text().split("Of whole tracks")[:2]
    songs = pd.read_csv(folder / "scores/separator/hdemucs-noisy.csv").groupby("class")
    for page, values in ((frames, songs["csdr"].median()), (tracks.split("##")[0], songs["usdr"].mean())):
        row = next(line for line in page.splitlines() if line.startswith("| Hybrid Demucs | noisy |"))
        assert row.split(" | ")[2] == f"{values['vocals']:.2f} (3.37)"


def test_mixes_of_two_classes_and_more_are_counted_alone(tmp_path):
    folder = workspace(tmp_path / "studies", "pipeline-seed0")
    table = on_several(collect(tmp_path, tmp_path / "measured").decisions, 0.5).set_index("training_data")
    said = pd.read_csv(folder / "scores/classifier/refined.csv", keep_default_na=False)
    said = said[(said["inputs"] == "multi") & (said[TRUTHS].sum(axis=1) > 1)]
    right = (said[PROBABILITIES].to_numpy() >= 0.5) == (said[TRUTHS].to_numpy() == 1)
    assert len(said) > 0 and list(table.index) == ["clean", "noisy", "refined"] and set(table["seeds"]) == {1}
    assert table.loc["refined", "accuracy"] == pytest.approx(100 * right.mean())


def test_the_best_threshold_is_that_of_the_highest_accuracy_of_each_seed(tmp_path):
    folders = [workspace(tmp_path / "studies", f"pipeline-seed{seed}", seed=seed) for seed in (0, 1)]
    decisions = collect(tmp_path, tmp_path / "measured").decisions
    table = at_thresholds(decisions).set_index(["inputs", "threshold", "training_data"])
    highest = []
    for folder in folders:
        said = pd.read_csv(folder / "scores/classifier/noisy.csv", keep_default_na=False)
        said = said[said["inputs"] == "multi"]
        truth = said[TRUTHS].to_numpy() == 1
        right = [(said[PROBABILITIES].to_numpy() >= place / 100) == truth for place in range(1, 100)]
        highest.append(100 * max(part.mean() for part in right))
    assert table.loc[("multi", "best", "noisy"), "accuracy"] == pytest.approx(np.mean(highest))
    assert list(table.loc["multi"].index.levels[0]) == ["0.3", "0.5", "0.7", "0.9", "best"]


def test_the_papers_threshold_stands_beside_ours_at_the_same_seeds(tmp_path):
    for seed in (0, 1):
        folder = workspace(tmp_path / "studies", f"base-seed{seed}", seed=seed)
        file = folder / "metrics/refine_labels/psi_noisy.json"
        made_up.write(file, json.loads(file.read_text()) | {"threshold": 0.5})
        make_reference(tmp_path, tmp_path)
        assert "The paper's threshold throughout" not in (tmp_path / "reference/README.md").read_text()
    theirs = workspace(tmp_path / "studies", "paper_threshold-seed1")
    make_reference(tmp_path, tmp_path)
    page = (tmp_path / "reference/README.md").read_text()
    ours, paper = page.split("## The paper's threshold throughout")[1].splitlines()[6:8]
    for threshold, row, folder in (("0.5", ours, tmp_path / "studies/base-seed1"), ("0.9", paper, theirs)):
        labels = json.loads((folder / "metrics/refine_labels/psi_noisy.json").read_text())["label_quality"]
        scores = json.loads((folder / "metrics/score_classifier/refined.json").read_text())
        accuracy = scores["multi"]["avg"]["accuracy"]
        sdr = pd.read_csv(folder / "scores/separator/xumx-psi_refined.csv")["csdr"].mean()
        assert row.startswith(f"| {threshold} | {labels['precision']:.3f} | {labels['recall']:.3f} |")
        assert f"| {100 * accuracy:.1f} |" in row and row.endswith(f"| {sdr:.2f} | 1 |")


def test_short_and_long_trainings_stand_side_by_side_with_what_all_have(tmp_path):
    fewer, ours = (workspace(tmp_path / "studies", f"{name}-seed0") for name in ("base", "pipeline"))
    workspace(tmp_path / "studies", "base-seed1")
    make_reference(tmp_path, tmp_path)
    assert "## Short and long trainings" not in (tmp_path / "reference/README.md").read_text()
    theirs = workspace(tmp_path / "studies", "longer-seed0", seed=5)
    for file in (*theirs.glob("*/*/xumx-clean.*"), *theirs.glob("*/*/xumx-psi_noisy.*")):
        file.unlink()
    make_reference(tmp_path, tmp_path)
    page = (tmp_path / "reference/README.md").read_text().split("## Short and long trainings")[1]
    header, _, *rows = page.strip().splitlines()[2:7]
    assert "refined by Ψ_refined" in header and "clean" not in header and "refined by Ψ_noisy" not in header
    for (name, folder), row in zip({"base": fewer, "pipeline": ours, "longer": theirs}.items(), rows, strict=True):
        accuracy = json.loads((folder / "metrics/score_classifier/noisy.json").read_text())["multi"]["avg"]["accuracy"]
        sdr = pd.read_csv(folder / "scores/separator/xumx-psi_refined.csv")["csdr"].mean()
        assert row.startswith(f"| {name} | {100 * accuracy:.1f} |") and row.endswith(f"| {sdr:.2f} | 1 |")


def test_the_page_says_what_it_took(tmp_path):
    workspace(tmp_path / "studies", "base-seed0")
    workspace(tmp_path / "studies", "base-seed1")
    make_reference(tmp_path, tmp_path)
    timing = pd.read_csv(tmp_path / "reference/measured/timing.csv", keep_default_na=False)
    assert list(timing.loc[timing["stage"] == "train_separator", "item"]) == ["xumx-noisy"] * 2
    page = (tmp_path / "reference/README.md").read_text()
    machine = "a processor, 2 cores, compute.threads 2, networks on cpu; Python 3.11.7; demucs 4.1.0"
    assert f"Conditions (seeds) base (0, 1): {machine}" in page
    assert "| train_separator | 2 | 0.06 |" in page and "energy in kWh" not in page
    row = "2026-11-24,dvc repro,0,3600,0.05,codecarbon 3,a processor,2"
    columns = "date,command,exit_code,wall_seconds,energy_kwh,method,cpu,cores"
    (tmp_path / "reference/energy.csv").write_text(f"{columns}\n{row}\n")
    make_reference(tmp_path, tmp_path)
    assert "| `dvc repro` | 60.0 | 0.05 |" in (tmp_path / "reference/README.md").read_text()


def test_nothing_measured_is_one_line(tmp_path):
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    with pytest.raises(InputError, match="no scores yet: run `make reproduce`, then `make study`"):
        make_reference(tmp_path, tmp_path / "results")


def test_filters_at_the_length_of_table_2_stand_beside_those_of_short_trainings(tmp_path):
    for name in ("pipeline-seed0", "base-seed0"):
        workspace(tmp_path / "studies", name, ("oracle", "filtered_by_psi_refined"))
    make_reference(tmp_path, tmp_path)
    page = (tmp_path / "reference/README.md").read_text()
    for noise in ("default noise, shorter trainings", "default noise, as in Table 2"):
        assert f"| {noise} | X-UMX | filtered by Ψ_refined |" in page
    table = pd.read_csv(tmp_path / "reference/strategies.csv", dtype={"by_seed": str})
    figure = draw_strategies(pd.concat([table, table.assign(network="hdemucs")]))
    FigureCanvasAgg(figure).draw()
    panels = [ax.get_tightbbox() for ax in figure.axes]  # titles and labels are within
    assert len(panels) == 4 and not [pair for pair in combinations(panels, 2) if pair[0].overlaps(pair[1])]
    assert figure.bbox.x0 <= min(panel.x0 for panel in panels) and max(panel.x1 for panel in panels) <= figure.bbox.x1
