"""The two tools for those who clean a collection: labels by file, and labels judged by ear."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import RATE
from scipy.stats import t

from stages.refinement.quality import label_quality
from stages.stems import CLASSES
from stages.stems.segments import ARM_COLUMNS, LABELS, PROBABILITIES, TRUTHS, read_arm, write_arm


def test_labels_of_a_file_are_shares_of_its_audible_time(project, tool, capsys):
    silent, nothing = [0.0] * 4 + [0] * 4, [0.1] * 4 + [0] * 4
    drums, bass = [0.1, 0.1, 0.9, 0.1, 0, 0, 1, 0], [0.1, 0.9, 0.1, 0.1, 0, 1, 0, 0]
    both = [0.1, 0.9, 0.9, 0.1, 0, 1, 1, 0]
    files = {
        "a/drums.wav": [drums, drums, silent, nothing], "b/drums.wav": [both, bass, bass], "c/bass.wav": [silent],
        "d/drums.wav": [drums, drums, drums], "e/vocals.wav": [nothing],
    }  # fmt: skip
    rows = []
    for path, segments in files.items():
        for place, values in enumerate(segments):
            start = 2 * RATE * place
            rows.append([path[0], "train", path[2:-4], path, start, start + 2 * RATE, -20.0, *values, *[None] * 4])
    for arm in ("noisy", "psi_refined"):
        write_arm(pd.DataFrame(rows, columns=ARM_COLUMNS), Path(f"data/arms/{arm}.csv"))
    tool("list_labels", "psi_refined", "out/labels.csv")
    table = pd.read_csv("out/labels.csv").set_index("path")
    assert list(table.index) == ["b/drums.wav", "e/vocals.wav", "a/drums.wav", "d/drums.wav", "c/bass.wav"]
    shares = [*CLASSES, "unlabelled", "doubt"]
    assert table["seconds"].tolist() == [6, 2, 6, 6, 0]
    assert table.loc["b/drums.wav", shares].tolist() == pytest.approx([0, 1, 1 / 3, 0, 0, 1], abs=1e-3)
    assert table.loc["a/drums.wav", shares].tolist() == pytest.approx([0, 0, 2 / 3, 0, 1 / 3, 0], abs=1e-3)
    assert table.loc["c/bass.wav", shares].isna().all()
    assert capsys.readouterr().out.endswith(": 5 files, 1 of them in doubt for more than half of the time\n")
    write_arm(pd.DataFrame(rows[1:], columns=ARM_COLUMNS), Path("data/arms/noisy.csv"))  # rebuilt, not relabelled
    with pytest.raises(SystemExit, match="^error: data/arms/psi_refined.csv: expected the segments of data/arms/noisy"):
        tool("list_labels", "psi_refined", "out/labels.csv")


@pytest.fixture
def drawn(project, tool) -> pd.DataFrame:
    """Ten segments drawn, and the arm that they come from; of all, the truth is known."""
    tool("judge_labels", "draw", "10", "judged")
    return read_arm(Path("data/arms/noisy.csv"))


def fill_in(arm: pd.DataFrame, clips: slice = slice(None)) -> pd.DataFrame:
    """Write the truth of the drawn segments into the sheet; returns their rows of the arm."""
    segments, sheet = pd.read_csv("judged/segments.csv"), pd.read_csv("judged/sheet.csv", dtype=str)
    rows = segments.merge(arm, on=["song", "path", "start", "stop"], how="left")
    heard = rows.loc[rows.index[clips], TRUTHS].astype(int).astype(str)
    sheet.loc[sheet.index[clips], list(CLASSES)] = heard.to_numpy()
    sheet.to_csv("judged/sheet.csv", index=False)
    return rows[clips]


def test_drawn_clips_are_audible_segments_without_a_word_of_their_labels(drawn):
    segments, sheet = pd.read_csv("judged/segments.csv"), pd.read_csv("judged/sheet.csv", keep_default_na=False)
    assert list(sheet.columns) == ["clip", *CLASSES] and (sheet[list(CLASSES)] == "").all().all()
    assert list(sheet["clip"]) == list(segments["clip"]) == [f"{number:03d}.wav" for number in range(1, 11)]
    assert len(segments.drop_duplicates(["path", "start"])) == 10
    for clip, path, start, stop in segments[["clip", "path", "start", "stop"]].itertuples(index=False):
        heard, rate = soundfile.read(f"judged/{clip}")
        there, _ = soundfile.read(f"data/stems/noisy/{path}", start=start, stop=stop)
        assert rate == RATE and np.array_equal(heard, there) and np.abs(heard).max() > 0


def test_silent_segments_are_not_drawn(drawn, tool):
    silent = np.arange(len(drawn)) % 3 > 0
    arm = drawn.copy()
    arm.loc[silent, [*PROBABILITIES, *LABELS]] = 0
    write_arm(arm, Path("data/arms/noisy.csv"))
    audible = int((arm[PROBABILITIES] > 0).any(axis=1).sum())
    with pytest.raises(SystemExit, match=f"^error: expected to draw 1 to {audible} segments"):
        tool("judge_labels", "draw", str(audible + 1), "more")
    tool("judge_labels", "draw", str(audible), "all")
    rows = pd.read_csv("all/segments.csv").merge(arm, on=["path", "start", "stop"])
    assert len(rows) == audible and (rows[PROBABILITIES] > 0).any(axis=1).all()


def test_arms_are_judged_by_the_clips_that_were_listened_to(drawn, tool, capsys):
    rows = fill_in(drawn, slice(0, 7))
    tool("judge_labels", "score", "judged")
    first, noisy, refined, difference = capsys.readouterr().out.splitlines()
    classes = [c for c in CLASSES if rows.loc[rows[f"true_{c}"] == 1, "song"].nunique() > 1]
    assert classes and first == f"7 segments of {rows['song'].nunique()} songs; means over {', '.join(classes)}"
    arm = read_arm(Path("data/arms/psi_clean.csv"))
    arms = {"noisy": rows, "psi_clean": rows[["path", "start"]].merge(arm, on=["path", "start"])}
    qualities = {
        name: [label_quality(part)] + [label_quality(part[part["song"] != song]) for song in part["song"].unique()]
        for name, part in arms.items()
    }
    freedom = rows["song"].nunique() - 1
    precision = {name: np.mean([found[0][c]["precision"] for c in classes]) for name, found in qualities.items()}
    for line, name in ((noisy, "noisy"), (refined, "psi_clean")):
        exact = [quality["exact"] for quality in qualities[name]]
        width = t.ppf(0.975, freedom) * np.sqrt(freedom * np.var(exact[1:]))
        assert line.startswith(f"{name} ") and line.endswith(f"  exact {exact[0]:.3f} ± {width:.3f}")
        assert f" precision {precision[name]:.3f} ± " in line
    f1 = [
        np.mean([after[c]["f1"] - before[c]["f1"] for c in classes])
        for before, after in zip(qualities["noisy"], qualities["psi_clean"], strict=True)
    ]
    width = t.ppf(0.975, freedom) * np.sqrt(freedom * np.var(f1[1:]))
    assert difference.startswith("psi_clean minus noisy ") and f" f1 {f1[0]:+.3f} ± {width:.3f} " in difference


def test_what_was_heard_outlives_the_songs_that_are_left_out(drawn, tool, capsys):
    rows = fill_in(drawn)
    song = rows["song"].mode()[0]
    kept = int((rows["song"] != song).sum())
    for arm in ("noisy", "psi_clean"):
        table = read_arm(Path(f"data/arms/{arm}.csv"))
        write_arm(table[table["song"] != song], Path(f"data/arms/{arm}.csv"))
    tool("judge_labels", "score", "judged")
    printed = capsys.readouterr()
    gone = f"{10 - kept} of the judged segments left out: data/arms/noisy.csv no longer has them, or as silent\n"
    assert printed.err == gone
    first, *lines = printed.out.splitlines()
    assert first.startswith(f"{kept} segments of {rows['song'].nunique() - 1} songs") and len(lines) == 3


def test_what_was_heard_where_there_is_silence_by_now_is_left_out(drawn, tool, capsys):
    """As after another `segments.silence_db`: silent segments have no labels that could be right."""
    rows = fill_in(drawn)
    for arm in ("noisy", "psi_clean"):
        table = read_arm(Path(f"data/arms/{arm}.csv"))
        silent = table.set_index(["path", "start"]).index.isin(rows.iloc[:2].set_index(["path", "start"]).index)
        table.loc[silent, [*PROBABILITIES, *LABELS]] = 0
        write_arm(table, Path(f"data/arms/{arm}.csv"))
    tool("judge_labels", "score", "judged")
    printed = capsys.readouterr()
    assert printed.err == "2 of the judged segments left out: data/arms/noisy.csv no longer has them, or as silent\n"
    assert printed.out.startswith(f"8 segments of {rows['song'][2:].nunique()} songs")


def replaced(old: str, new: str) -> None:
    sheet = Path("judged/sheet.csv")
    assert old in sheet.read_text()
    sheet.write_text(sheet.read_text().replace(old, new, 1))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda: None, "sheet.csv: expected 0 or 1 under every class of clips of at least two songs"),
        (lambda: replaced("003.wav,,,,", "003.wav,1,0,,0"), "sheet.csv: row 4: expected 0 or 1 under every class"),
        (lambda: replaced("003.wav,,,,", "003.wav,1,0,x,0"), "sheet.csv: row 4: expected 0 or 1 .*, got 1,0,x,0"),
        (lambda: replaced("003.wav,,,,", "3.wav,1,0,1,0"), "sheet.csv: expected each clip of .* once, got '3.wav'"),
        (lambda: replaced("003.wav,,,,", "3.wav,1,0,1,0\n3.wav,1,0,1,0"), "sheet.csv: expected each clip of .* once"),
        (lambda: replaced("clip,", "clip;"), "sheet.csv: expected columns clip,vocals,.*, split by commas, "),
        (lambda: Path("judged/sheet.csv").unlink(), "sheet.csv: No such file or directory"),
        (lambda: replaced("001.wav,,,,", "001.wav,1,0,0,0"), "sheet.csv: expected .* clips of at least two songs"),
    ],
)  # fmt: skip
def test_a_sheet_that_is_not_filled_in_well_is_one_line(damage, message, drawn, tool):
    damage()
    with pytest.raises(SystemExit, match=f"^error: (judged|data/arms)/{message}[^\n]*$"):
        tool("judge_labels", "score", "judged")


def test_an_arm_of_other_songs_is_left_out_with_a_line(drawn, tool, capsys):
    fill_in(drawn)
    arm = Path("data/arms/psi_clean.csv")
    shutil.copy(arm, "data/arms/psi_refined.csv")
    write_arm(read_arm(arm).assign(song="another"), arm)
    tool("judge_labels", "score", "judged")
    printed = capsys.readouterr()
    assert printed.err == f"{arm}: left out, as it lacks judged segments: relabel once more\n"
    names = [line.partition("  ")[0] for line in printed.out.splitlines()[1:]]
    assert names == ["noisy", "psi_refined", "psi_refined minus noisy"]
    for path in ("data/arms/noisy.csv", "data/arms/psi_refined.csv"):
        write_arm(read_arm(Path(path)).assign(song="another"), Path(path))
    with pytest.raises(SystemExit, match="^error: judged: expected segments of two songs of [^\n]*: draw them again$"):
        tool("judge_labels", "score", "judged")


def test_a_class_of_one_song_is_left_out_of_the_means(drawn, tool, capsys):
    rows = fill_in(drawn)
    sheet = pd.read_csv("judged/sheet.csv", dtype=str)
    sheet["bass"] = np.where((rows["song"] == rows["song"].iloc[0]).to_numpy(), "1", "0")
    sheet = sheet.assign(vocals="1", drums="1", other="0")
    sheet.to_csv("judged/sheet.csv", index=False)
    tool("judge_labels", "score", "judged")
    assert capsys.readouterr().out.splitlines()[0].endswith("songs; means over vocals, drums")
    sheet.assign(vocals="0", drums="0").to_csv("judged/sheet.csv", index=False)
    with pytest.raises(SystemExit, match=r"sheet\.csv: expected some class in clips of at least two songs$"):
        tool("judge_labels", "score", "judged")


def test_a_sheet_may_have_been_through_a_spreadsheet_program(drawn, tool, capsys):
    fill_in(drawn, slice(0, 7))
    tool("judge_labels", "score", "judged")
    before = capsys.readouterr().out
    sheet = Path("judged/sheet.csv")
    lines = sheet.read_text().splitlines()
    sheet.write_bytes("\r\n".join(["\ufeff" + lines[0], *reversed(lines[1:8]), ",,,,", ""]).encode())
    tool("judge_labels", "score", "judged")
    assert capsys.readouterr().out == before


def test_an_hours_listening_is_not_written_over(drawn, tool):
    fill_in(drawn)
    before = Path("judged/sheet.csv").read_bytes()
    for count, folder, message in (("5", "judged", "judged: expected a folder"), ("0", "new", "expected to draw 1 to")):
        with pytest.raises(SystemExit, match=f"^error: {message}"):
            tool("judge_labels", "draw", count, folder)
    assert Path("judged/sheet.csv").read_bytes() == before and not Path("new").exists()
