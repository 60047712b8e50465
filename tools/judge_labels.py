"""How right are labels whose truth nobody knows? Listen to a few of the segments, and every arm is judged by them.

    python tools/judge_labels.py draw 200 judged    200 audible segments at random: judged/001.wav ..., judged/sheet.csv
    python tools/judge_labels.py score judged       after 1 (sounds) or 0 (doesn't) was written under each class there

The clips have numbers for names, so that nobody knows what they were filed under or labelled; which segments they are
is in judged/segments.csv. Clips whose row of the sheet is still empty are left out. For the nominal labels and each
refined arm, precision, recall and F1 are means over the classes, and `exact` is the share of the segments whose labels
are all right; with 95 % intervals: a jackknife over the songs, since segments of one song are alike. Differences from
the nominal labels are of the same segments, so they are surer than their two ends.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, not as a module

from stages.pipeline.errors import InputError, errors_as_one_line
from stages.pipeline.files import atomic_folder, read_table
from stages.pipeline.params import load_params
from stages.refinement.quality import label_quality
from stages.refinement.thresholds import audible
from stages.stems import CLASSES
from stages.stems.audio import write_audio
from stages.stems.segments import REFINED_ARMS, TRUTHS, read_arm, read_segment, stem_root

MEASURES = ("precision", "recall", "f1", "exact")
SEGMENT = ["path", "start", "stop"]


def draw(arm: pd.DataFrame, root: Path, rate: int, count: int, folder: Path) -> None:
    """Write `count` audible segments of an arm as clips, the sheet to fill in and the list of what the clips are.

    Which ones they are depends on the arm alone. Raises InputError where there are fewer, and where `folder` exists:
    it may hold an hour's listening.
    """
    if folder.exists():
        raise InputError(f"{folder}: expected a folder that does not exist yet")
    choices = arm[audible(arm)]
    if not 0 < count <= len(choices):
        raise InputError(f"expected to draw 1 to {len(choices)} segments, as many as are audible, got {count}")
    drawn = choices.sample(count, random_state=0)
    clips = [f"{number:03d}.wav" for number in range(1, count + 1)]
    with atomic_folder(folder) as temporary:
        for clip, segment in zip(clips, drawn[SEGMENT].itertuples(index=False), strict=True):
            write_audio(temporary / clip, read_segment(root, *segment), rate)
        drawn[SEGMENT].assign(clip=clips).to_csv(temporary / "segments.csv", index=False, lineterminator="\n")
        sheet = pd.DataFrame({"clip": clips} | dict.fromkeys(CLASSES, ""))
        sheet.to_csv(temporary / "sheet.csv", index=False, lineterminator="\n")


def judged_segments(folder: Path) -> pd.DataFrame:
    """The segments of a filled-in sheet: path, start, stop and what was heard in them, 0 or 1, as the truth columns.

    Raises InputError for a row that is filled in by half or with something else, and if none is filled in.
    """
    sheet = _table(folder / "sheet.csv", ["clip", *CLASSES], ["clip", *CLASSES])
    segments = _table(folder / "segments.csv", [*SEGMENT, "clip"], ["path", "clip"])
    if sorted(sheet["clip"]) != sorted(segments["clip"]):
        raise InputError(f"{folder / 'sheet.csv'}: expected a row for each clip of {folder / 'segments.csv'}")
    heard = sheet[list(CLASSES)].apply(lambda column: column.str.strip())
    empty = (heard == "").all(axis=1)
    bad = np.flatnonzero(~(empty | heard.isin(["0", "1"]).all(axis=1)))
    if len(bad):
        raise InputError(f"{folder / 'sheet.csv'}: row {bad[0] + 2}: expected 0 or 1 under every class, or nothing")
    if empty.all():
        raise InputError(f"{folder / 'sheet.csv'}: expected 0 or 1 under every class of some clip")
    filled = heard[~empty].astype(int).set_axis(TRUTHS, axis=1).assign(clip=sheet["clip"][~empty])
    return segments.merge(filled, on="clip", validate="one_to_one")


def _table(path: Path, columns: list[str], texts: list[str]) -> pd.DataFrame:
    try:
        table = read_table(path, columns, texts)
    except ValueError as error:
        raise InputError(f"{path}: cannot be read as a table: {error}") from error
    if missing := set(columns) - set(table.columns):
        raise InputError(f"{path}: expected the columns {', '.join(columns)}, {min(missing)} is missing")
    return table


def judge(path: Path, judged: pd.DataFrame) -> np.ndarray:
    """Measures of the arm at `path` on the judged segments: of all, then without each song, (1 + songs, 4).

    Raises InputError where the arm lacks one of the segments, and with segments of fewer than two songs.
    """
    known = read_arm(path).drop(columns=TRUTHS).merge(judged[[*SEGMENT, *TRUTHS]], on=SEGMENT, validate="one_to_one")
    if len(known) < len(judged):
        raise InputError(f"{path}: {len(judged) - len(known)} of the judged segments are not in it: draw them again")
    songs = known["song"].unique()
    if len(songs) < 2:
        raise InputError(f"{path}: expected judged segments of at least two songs")
    parts = [known, *(known[known["song"] != song] for song in songs)]
    return np.array([[quality[m] for m in MEASURES] for quality in map(label_quality, parts)])


def with_intervals(values: np.ndarray, sign: str = "") -> str:
    """What `judge` gives, or a difference of two of it, as text."""
    from scipy.stats import t  # takes a second

    freedom = len(values) - 2
    widths = t.ppf(0.975, freedom) * np.sqrt(freedom * values[1:].var(axis=0))
    return "  ".join(f"{m} {v:{sign}.3f} ± {w:.3f}" for m, v, w in zip(MEASURES, values[0], widths, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    drawing, scoring = commands.add_parser("draw"), commands.add_parser("score")
    drawing.add_argument("segments", type=int)
    for command in (drawing, scoring):
        command.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    noisy = Path("data/arms/noisy.csv")
    if arguments.command == "draw":
        draw(read_arm(noisy), stem_root("noisy"), load_params().stems.rate, arguments.segments, arguments.folder)
        print(f"{arguments.folder}: listen to the clips and fill in sheet.csv")
        return
    judged = judged_segments(arguments.folder)
    print(f"{len(judged)} segments judged")
    nominal = judge(noisy, judged)
    print(f"{noisy.stem:24}{with_intervals(nominal)}")
    for path in (Path(f"data/arms/{arm}.csv") for arm in REFINED_ARMS):
        if path.exists():
            values = judge(path, judged)
            print(f"{path.stem:24}{with_intervals(values)}")
            print(f"{path.stem + ' minus noisy':24}{with_intervals(values - nominal, '+')}")


if __name__ == "__main__":
    with errors_as_one_line("judge_labels"):
        main()
