"""A whole tree of metrics, curves, scores and timings for tests: made up, plausible to look at, equal on every call.

To look at the figures and the page without a run of the pipeline:

    import made_up_metrics, pathlib
    from analysis.make_figures import make_figures
    make_figures(made_up_metrics.write_metrics(pathlib.Path("/tmp/made_up")), pathlib.Path("/tmp/made_up/figures"))
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from conftest import ROOT

from analysis.results import LABELLED_ARMS, MEASURES, NETWORKS, SCALES, SDRS, TRAININGS
from stages.open_workspace import workspace_params
from stages.stems import CLASSES
from stages.stems.segments import ARMS, PROBABILITIES, TRUTHS

LEVEL = {"clean": 5.3, "noisy": 3.2, "psi_clean": 4.4, "psi_noisy": 4.2, "psi_refined": 4.7}  # dB, plausible
QUALITY = {"noisy": 0.66, "psi_clean": 0.93, "psi_noisy": 0.86, "psi_refined": 0.9}
NO_DECISIONS = pd.DataFrame(columns=["seed", "training_data", "inputs", "songs", *PROBABILITIES, *TRUTHS])


def write_metrics(root: Path) -> Path:
    """Write every file that the analysis reads; plausible to look at, made up, and the same on every call."""
    random = np.random.default_rng(7)
    for index, training in enumerate(TRAININGS):
        classifier_files(root, training, 0.93 - 0.02 * index, random)
    for network in NETWORKS:
        for arm in ARMS:
            level = LEVEL[arm] - 1.8 * (network == "hdemucs")
            separator_files(root, f"{network}-{arm}", level, random)
            curve(root / f"curves/separator/{network}-{arm}.csv", 2.0 - level / 5, random)
    for name, level in zip(SCALES, (-4.8, 9.1), strict=True):
        separator_files(root, name, level, random)
    for arm in LABELLED_ARMS:
        label_files(root, arm, random)
    stem_file(root)
    for number, name in enumerate(["train_separator@xumx-noisy", "build_stems@clean", "corrupt_stems"]):
        stage, _, item = name.partition("@")
        seconds = {"wall_seconds": 100.0 + 11 * number, "training_seconds": 80.0 if item == "xumx-noisy" else 0.0}
        write(root / f"timing/{name}.json", {"stage": stage, "item": item, **seconds})
    packages = {"torch": "2.11.0", "demucs": "4.1.0"}
    machine = {"cpu": "a processor", "cores": 2, "threads": 2, "device": "cpu", "python": "3.11.7"}
    write(root / "metrics/environment.json", machine | {"packages": packages})
    return root


def workspace(root: Path, name: str, variants: tuple[str, ...] = (), seed: int = 0) -> Path:
    """What a run of the pipeline and some variants would have measured in the workspace `name` of studies `root`."""
    folder, random = write_metrics(root / name), np.random.default_rng(seed)
    (root.parent / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    (root / "conditions.yaml").write_text((ROOT / "studies/conditions.yaml").read_text())
    condition, number = name.split("-seed")
    (folder / "params.yaml").write_text(workspace_params(root.parent, condition, int(number))[1])
    for variant in variants:
        separator_files(folder, f"xumx-{variant}", 4.0, random)
    return folder


def write(path: Path, content: dict) -> None:
    made(path).write_text(json.dumps(content))


def classifier_files(root: Path, training: str, level: float, random: np.random.Generator) -> None:
    content = {"threshold": 0.5}
    for inputs, penalty in (("single", 0.0), ("multi", 0.03)):
        values = {n: {m: level - penalty + random.uniform(-0.02, 0.02) for m in MEASURES} for n in CLASSES}
        values["avg"] = {m: float(np.mean([values[n][m] for n in CLASSES])) for m in MEASURES}
        values["pooled"] = {m: values["avg"][m] + random.uniform(-0.004, 0.004) for m in MEASURES}
        content[inputs] = {"inputs": 480 if inputs == "single" else 600, **values}
    write(root / f"metrics/score_classifier/{training}.json", content)
    curve(root / f"curves/classifier/{training}.csv", 0.2 + (1 - level), random)
    decisions(level, random).to_csv(made(root / f"scores/classifier/{training}.csv"), index=False)
    rows = ["class,threshold,precision,recall"]
    for shift, name in enumerate(CLASSES):
        for threshold in np.linspace(0, 1, 51):
            precision = 0.5 + (level - 0.5) * threshold ** (0.3 + 0.1 * shift)
            recall = 1 - (1.02 - level + 0.03 * shift) * threshold**2
            rows.append(f"{name},{threshold:.2f},{precision:.6g},{recall:.6g}")
    made(root / f"curves/thresholds/{training}.csv").write_text("\n".join(rows) + "\n")


def decisions(level: float, random: np.random.Generator) -> pd.DataFrame:
    """Inputs of one or two songs, of which the classifier is right about a share `level`."""
    single = [f"song {n:02d}" for n in range(14) for _ in range(10)]
    mixes = ["", *(f"song {n:02d}/song {(n + 5) % 14:02d}" for n in range(14) for _ in range(10))]
    truth = random.integers(0, 2, (len(single) + len(mixes), len(CLASSES)))
    wrong = random.random(truth.shape) > level
    table = pd.DataFrame({"inputs": ["single"] * len(single) + ["multi"] * len(mixes), "songs": single + mixes})
    table[PROBABILITIES] = np.where(wrong, 0.8 - 0.6 * truth, 0.2 + 0.6 * truth)
    table[TRUTHS] = truth
    return table


def made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def curve(path: Path, end: float, random: np.random.Generator) -> None:
    rows = ["step,loss,gradient,validation"]
    for point in range(1, 51):
        loss = end + 2 * np.exp(-point / 8) + random.normal(0, 0.05)
        gradient, validation = random.lognormal(), format(loss + 0.1, ".6g") if point % 5 == 0 else ""
        rows.append(f"{6 * point},{loss:.6g},{gradient:.6g},{validation}")
    made(path).write_text("\n".join(rows) + "\n")


def separator_files(root: Path, name: str, level: float, random: np.random.Generator) -> None:
    offsets = {"vocals": 1.2, "bass": 0.3, "drums": 0.5, "other": -2.0}
    keys = pd.MultiIndex.from_product([[f"song {n:02d}" for n in range(14)], CLASSES], names=["song", "class"])
    csdr = [level + offsets[c] + random.normal(0, 0.6) for _, c in keys]
    songs = pd.DataFrame({"csdr": csdr, "usdr": csdr + random.normal(0.4, 0.2, len(keys))}, index=keys).reset_index()
    means = songs.groupby("class")[list(SDRS)].median()
    content = {m: {c: means.loc[c, m] for c in CLASSES} | {"avg": means[m].mean()} for m in SDRS}
    counts = {
        "songs": 14,
        "unscored_songs": 0,
        "frames": 336,
        "nan_frames": int(random.integers(3, 30)),
        "silent_estimates": 0,
    }
    write(root / f"metrics/score_separator/{name}.json", content | counts)
    songs.to_csv(made(root / f"scores/separator/{name}.csv"), index=False)


def label_files(root: Path, arm: str, random: np.random.Generator) -> None:
    def values() -> dict[str, float]:
        return {m: QUALITY[arm] + random.uniform(-0.06, 0.06) for m in ("accuracy", "precision", "recall", "f1")}

    quality = values() | {"exact": QUALITY[arm] - 0.1} | {c: values() for c in CLASSES}
    quality["contaminated"] = {"vocals": 0.321, "bass": 0.452, "drums": 0.189, "other": None}
    counts = {"segments": 1900, "silent": 300, "unlabelled": 0 if arm == "noisy" else 77}
    counts |= {"single_labelled": 1200, "multi_labelled": 0 if arm == "noisy" else 323, "all_labelled": 0}
    threshold = None if arm == "noisy" else 0.9
    write(root / label_file(arm), counts | {"threshold": threshold, "label_quality": quality})


def stem_file(root: Path) -> None:
    shares = {"contaminated": dict(zip(CLASSES, (0.28, 0.48, 0.23, 0.46))), "empty": dict.fromkeys(CLASSES, 0.06)}
    write(root / "metrics/corrupt_stems.json", shares | {"songs": 96})


def label_file(arm: str) -> str:
    return f"metrics/{'label_segments' if arm == 'noisy' else 'refine_labels'}/{arm}.json"
