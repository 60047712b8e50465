"""How right are labels whose truth nobody knows? Listen to a few of the segments, and every arm is judged by them.

    python tools/judge_labels.py draw 200 data/judged    200 audible segments at random: 001.wav ... and sheet.csv
    python tools/judge_labels.py score data/judged       after 1 (sounds) or 0 (doesn't) was written into the sheet

The clips have numbers for names, so that nobody knows what they were filed under or labelled; which segments they are
is in segments.csv. Clips that are not filled in are left out, and those that the collection no longer has, or has as
silent. For the nominal labels and each refined arm, and for their differences, precision, recall and F1 are means over
the classes, and `exact` is the share of the segments whose labels are all right; with 95 % intervals: a jackknife over
the songs, since segments of one song are alike. A class that sounds in the clips of fewer than two songs is left out of
the means. An interval of no width says that all songs agree, as where nothing wrong was heard, not that nothing is
wrong.
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
from stages.stems.segments import REFINED_ARMS, SEGMENT, TRUTHS, read_arm, read_segment, stem_root

NOISY = Path("data/arms/noisy.csv")
MEASURES = ("precision", "recall", "f1", "exact")


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
        for clip, segment in zip(clips, drawn[SEGMENT[1:]].itertuples(index=False), strict=True):
            write_audio(temporary / clip, read_segment(root, *segment), rate)
        drawn[SEGMENT].assign(clip=clips).to_csv(temporary / "segments.csv", index=False, lineterminator="\n")
        sheet = pd.DataFrame({"clip": clips} | dict.fromkeys(CLASSES, ""))
        sheet.to_csv(temporary / "sheet.csv", index=False, lineterminator="\n")


def judged_segments(folder: Path) -> pd.DataFrame:
    """The segments of a filled-in sheet: `SEGMENT` and what was heard in them, 0 or 1, as the truth columns.

    Raises InputError for a row that is filled in by half or with something else, for a clip that does not exist or
    stands there twice, and where the clips that are filled in are of fewer than two songs.
    """
    file = folder / "sheet.csv"
    sheet = _table(file, ["clip", *CLASSES], ["clip", *CLASSES])
    segments = _table(folder / "segments.csv", [*SEGMENT, "clip"], ["song", "path", "clip"])
    heard = sheet[list(CLASSES)].apply(lambda column: column.str.strip())
    bad = np.flatnonzero(~((heard == "").all(axis=1) | heard.isin(["0", "1"]).all(axis=1)))
    if len(bad):
        found = ",".join(heard.iloc[bad[0]])
        raise InputError(f"{file}: row {bad[0] + 2}: expected 0 or 1 under every class, or nothing, got {found}")
    filled = heard.set_axis(TRUTHS, axis=1).assign(clip=sheet["clip"])[(heard != "").all(axis=1)]
    wrong = filled.loc[filled["clip"].duplicated() | ~filled["clip"].isin(segments["clip"]), "clip"]
    if len(wrong):
        raise InputError(f"{file}: expected each clip of {folder / 'segments.csv'} once, got {wrong.iloc[0]!r}")
    judged = segments.merge(filled.astype(dict.fromkeys(TRUTHS, int)), on="clip")
    if judged["song"].nunique() < 2:
        raise InputError(f"{file}: expected 0 or 1 under every class of clips of at least two songs")
    return judged


def still_there(judged: pd.DataFrame, noisy: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Those of the judged segments that are in the noisy arm and audible still; a line says how many are not.

    Raises InputError where they are of fewer than two songs.
    """
    there = judged.merge(noisy.loc[audible(noisy), SEGMENT])
    if gone := len(judged) - len(there):
        print(f"{gone} of the judged segments left out: {NOISY} no longer has them, or as silent", file=sys.stderr)
    if there["song"].nunique() < 2:
        raise InputError(f"{folder}: expected segments of two songs of {NOISY} at least: draw them again")
    return there


def _table(path: Path, columns: list[str], texts: list[str]) -> pd.DataFrame:
    try:
        table = read_table(path, columns, texts)
    except ValueError as error:
        raise InputError(f"{path}: cannot be read as a table: {error}") from error
    if missing := set(columns) - set(table.columns):
        raise InputError(f"{path}: expected columns {','.join(columns)}, split by commas, {min(missing)} is missing")
    return table


def classes_of_several_songs(judged: pd.DataFrame) -> list[str]:
    """The classes that were heard in two songs or more: of others, nothing can be said of songs in general."""
    return [c for c, truth in zip(CLASSES, TRUTHS, strict=True) if judged.loc[judged[truth] == 1, "song"].nunique() > 1]


def judge(arm: pd.DataFrame, judged: pd.DataFrame, classes: list[str]) -> np.ndarray | None:
    """An arm's measures on the judged segments: of all, then without each song, (1 + songs, 4); None if it lacks some.

    Args: classes: that precision, recall and F1 are means over.
    """
    known = arm.drop(columns=TRUTHS).merge(judged[[*SEGMENT, *TRUTHS]], on=SEGMENT)
    if len(known) < len(judged):
        return None
    parts = [known, *(known[known["song"] != song] for song in judged["song"].unique())]
    return np.array([
        [*(np.mean([quality[c][m] for c in classes]) for m in MEASURES[:-1]), quality["exact"]]
        for quality in map(label_quality, parts)
    ])  # fmt: skip


def with_intervals(values: np.ndarray, sign: str = "") -> str:
    """What `judge` gives, or a difference of two of it, as text."""
    from scipy.stats import t  # both take seconds

    from analysis.intervals import CONFIDENCE, jackknife

    variances, freedom = jackknife(values[1:])
    widths = t.interval(CONFIDENCE, freedom)[1] * np.sqrt(variances)
    return "  ".join(f"{m} {v:{sign}.3f} ± {w:.3f}" for m, v, w in zip(MEASURES, values[0], widths, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    drawing, scoring = commands.add_parser("draw"), commands.add_parser("score")
    drawing.add_argument("segments", type=int)
    for command in (drawing, scoring):
        command.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    arms = {"noisy": read_arm(NOISY)}
    if arguments.command == "draw":
        draw(arms["noisy"], stem_root("noisy"), load_params().stems.rate, arguments.segments, arguments.folder)
        print(f"{arguments.folder}: listen to the clips and fill in sheet.csv")
        return
    judged = still_there(judged_segments(arguments.folder), arms["noisy"], arguments.folder)
    classes = classes_of_several_songs(judged)
    if not classes:
        raise InputError(f"{arguments.folder / 'sheet.csv'}: expected some class in clips of at least two songs")
    print(f"{len(judged)} segments of {judged['song'].nunique()} songs; means over {', '.join(classes)}")
    arms |= {arm: read_arm(path) for arm in REFINED_ARMS if (path := Path(f"data/arms/{arm}.csv")).exists()}
    found: dict[str, np.ndarray] = {}
    for arm, table in arms.items():
        values = judge(table, judged, classes)
        if values is None:
            print(f"data/arms/{arm}.csv: left out, as it lacks judged segments: relabel once more", file=sys.stderr)
            continue
        print(f"{arm:28}{with_intervals(values)}")
        for name, others in found.items():
            print(f"{f'{arm} minus {name}':28}{with_intervals(values - others, '+')}")
        found[arm] = values


if __name__ == "__main__":
    with errors_as_one_line("judge_labels"):
        main()
