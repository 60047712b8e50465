"""What the reference page says of verdicts, songs and seeds, and what it does not say of measurements of others."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_up_metrics import workspace

from analysis.claims import HEARD, decide, decide_at
from analysis.gap import lacking_songs
from analysis.make_reference import make_reference
from analysis.measurements import measurements
from analysis.reference import collect
from analysis.reference_tables import DECISIONS, sdr_by_seed, table2, with_uncorrupted
from stages.pipeline.errors import InputError
from stages.stems.segments import PROBABILITIES


def test_verdicts_at_other_thresholds_are_corrected_for_their_number(tmp_path):
    for seed in (0, 1):
        folder = workspace(tmp_path / "studies", f"pipeline-seed{seed}", seed=seed)
        scores = pd.read_csv(folder / "scores/classifier/noisy.csv", keep_default_na=False)
        scores[PROBABILITIES] = 1 - scores[PROBABILITIES]  # far worse than refined, wherever that is decided
        scores.to_csv(folder / "scores/classifier/noisy.csv", index=False)
    said = collect(tmp_path, tmp_path / "measured").decisions
    no_songs = pd.DataFrame(columns=["seed", "network", "training_data", "song", "class", "csdr"])
    at = {threshold: measurements(no_songs, said, threshold) for threshold in DECISIONS}
    found = decide_at(at, at[0.5])
    assert found[["threshold", "id"]].values.tolist() == [
        [threshold, name] for threshold in DECISIONS for name in HEARD
    ]
    for threshold, measured in at.items():
        alone = decide(measured, measured).set_index("id").loc[list(HEARD)]
        here = found[found["threshold"] == threshold].set_index("id")
        assert here["p"].tolist() == pytest.approx(np.minimum(1, len(DECISIONS) * alone["p"]).tolist())
        assert here["values"].tolist() == alone["values"].tolist()
        assert here["holds"].tolist() == [
            holds if len(DECISIONS) * p <= 0.05 else "undecided" for holds, p in zip(alone["holds"], alone["p"])
        ]
    assert {"true", "undecided"} <= {*found["holds"]}
    make_reference(tmp_path, tmp_path)
    table = pd.read_csv(tmp_path / "reference/claims_by_threshold.csv")
    assert table["holds"].astype(str).str.lower().tolist() == found["holds"].tolist()
    [row] = [line for line in (tmp_path / "reference/README.md").read_text().splitlines()
             if line.startswith("| C4 |") and line.count(" points ") == len(DECISIONS)]  # fmt: skip
    verdicts = found.loc[found["id"] == "C4", "holds"]
    spelled = {"true": "**holds**: ", "false": "**does not hold**: ", "undecided": "undecided, "}
    for cell, holds in zip(row.split(" | ")[1:], verdicts, strict=True):
        assert cell.startswith(spelled[holds])


def test_a_verdict_that_the_number_of_thresholds_undoes_is_undecided(monkeypatch):
    columns = ["id", "holds", "p", "seeds", "values", "direction"]
    rows = [["C1", "true", 0.01], ["C2", "false", 0.02], ["C3", "", np.nan], ["C4", "true", 0.012], ["C5", "true", 0.0]]
    decided = pd.DataFrame([[*row, 5, "", ""] for row in rows], columns=columns)
    monkeypatch.setattr("analysis.claims.decide", lambda measured, ablations: decided)
    found = decide_at(dict.fromkeys(DECISIONS), None)
    assert found["holds"].tolist() == ["true", "undecided", "", "true"] * len(DECISIONS)
    assert found["p"].tolist()[:2] == pytest.approx([0.04, 0.08])


def test_without_decisions_there_is_nothing_to_say_of_thresholds(tmp_path):
    folder = workspace(tmp_path / "studies", "pipeline-seed0")
    for path in (folder / "scores/classifier").glob("*"):
        path.unlink()
    make_reference(tmp_path, tmp_path)
    assert "C1 to C4, decided at each" not in (tmp_path / "reference/README.md").read_text()
    assert set(pd.read_csv(tmp_path / "reference/claims_by_threshold.csv", keep_default_na=False)["holds"]) == {""}


def test_what_was_written_about_measurements_stands_with_these_alone(tmp_path):
    workspace(tmp_path / "studies", "pipeline-seed0")
    make_reference(tmp_path, tmp_path)
    page = tmp_path / "reference/README.md"
    assert "## In plain words" not in page.read_text()
    (tmp_path / "reference/measured/reading.md").write_text("## In plain words\n\nIt works.\n")
    make_reference(tmp_path, tmp_path)
    assert "\n\n## In plain words\n\nIt works.\n\n## Claims\n" in page.read_text()


def test_stems_that_were_rendered_otherwise_are_never_mixed_in(tmp_path):
    workspace(tmp_path / "studies", "base-seed0")
    kept = tmp_path / "measured/stems.json"
    collect(tmp_path, tmp_path / "measured")
    assert not kept.exists()  # the workspace came from elsewhere
    manifests = [tmp_path / f"data/stems/{name}/manifest.csv" for name in ("clean", "noisy_sources", "test")]
    for path in manifests:
        path.parent.mkdir(parents=True)
        path.write_text(path.parent.name)
    collect(tmp_path, tmp_path / "measured")
    collect(tmp_path, tmp_path / "measured")
    manifests[0].unlink()
    collect(tmp_path, tmp_path / "measured")  # what is not there is no other
    before = {path: path.read_bytes() for path in (tmp_path / "measured").iterdir()}
    manifests[2].write_text("other music")
    with pytest.raises(
        InputError, match=r"data/stems/test/manifest.csv: expected the stems that .*measured/stems.json"
    ):
        collect(tmp_path, tmp_path / "measured")
    assert {path: path.read_bytes() for path in (tmp_path / "measured").iterdir()} == before


def test_a_seed_without_a_value_is_not_counted(tmp_path):
    for seed in (0, 1, 2):
        workspace(tmp_path / "studies", f"pipeline-seed{seed}", seed=seed)
    table = collect(tmp_path, tmp_path / "measured").separation
    failed = (table["seed"] == 1) & (table["network"] == "xumx") & (table["training_data"] == "clean")
    table.loc[failed & (table["class"] == "bass"), ["csdr", "usdr"]] = np.nan
    found = table2(sdr_by_seed(table)).set_index(["network", "training_data", "metric"])["seeds"]
    assert found["xumx", "clean", "csdr"] == 2 and set(found.drop(("xumx", "clean", "csdr"))) <= {2, 3}
    assert found["xumx", "noisy", "csdr"] == found["hdemucs", "clean", "usdr"] == 3


def test_songs_that_lack_a_class_are_said(tmp_path):
    folder = workspace(tmp_path / "studies", "pipeline-seed0")
    make_reference(tmp_path, tmp_path)
    page, gaps = tmp_path / "reference/README.md", tmp_path / "reference/gap.csv"
    assert "lack a class" not in page.read_text()
    scores = folder / "scores/separator/xumx-clean.csv"
    table = pd.read_csv(scores)
    songs = table["song"].nunique()
    table.loc[table["song"].isin(table["song"].unique()[:2]) & (table["class"] == "bass"), "csdr"] = np.nan
    table.to_csv(scores, index=False)
    make_reference(tmp_path, tmp_path)
    assert (
        f"Some of the {songs} test songs lack a class; each row is of those that have all, {songs - 2} at least."
        in (page.read_text())
    )
    found = pd.read_csv(gaps).set_index(["network", "training_data"])["songs"]
    assert found["xumx", "clean"] == songs - 2 and found["xumx", "psi_refined"] == found["hdemucs", "clean"] == songs
    assert lacking_songs(pd.read_csv(gaps).iloc[:0], songs) == ""


def test_only_x_umx_has_a_short_training_without_noise(tmp_path):
    for name in ("uncorrupted-seed0", "flips_00-seed0", "flips_40-seed0"):
        workspace(tmp_path / "studies", name)
    measured = collect(tmp_path, tmp_path / "measured")
    mine = measured.separation[measured.separation["network"] == "hdemucs"].assign(network="mine")
    measured = replace(measured, separation=pd.concat([measured.separation, mine], ignore_index=True))
    table = with_uncorrupted(measured, ["pipeline", "flips_40"]).separation
    added = table[table["training_data"] == "uncorrupted"].set_index(["condition", "network"])
    noisy = measured.separation[measured.separation["training_data"] == "noisy"].set_index(["condition", "network"])
    sources = {("pipeline", "xumx"): "uncorrupted", ("flips_40", "xumx"): "flips_00"}
    for condition in ("pipeline", "flips_40"):
        for network in ("xumx", "hdemucs", "mine"):
            source = sources.get((condition, network), "uncorrupted")
            assert added.loc[(condition, network), "csdr"].tolist() == noisy.loc[(source, network), "csdr"].tolist()
