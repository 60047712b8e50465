"""The measurements of the studies, kept as committed tables that grow run by run.

The pipeline's folders, and those of a study's workspace (studies/<condition>-seed<seed>/), hold models and audio that
no repository can keep; what was measured in them is small. `collect` takes it over into results/reference/measured/,
replacing rows of the same run, so that the studies can be run piece by piece, on several machines, and every table and
figure be drawn again from what is committed.
"""

import hashlib
import re
from dataclasses import dataclass
from math import nan
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from omegaconf import OmegaConf

from analysis.formatting import write_csv
from analysis.results import (
    LABEL_COUNTS,
    LABEL_MEASURES,
    MEASURES,
    NAMES,
    SDRS,
    classifier_scores,
    number,
    read_csv,
    read_environment,
    read_json,
    read_timing,
)
from stages.open_workspace import has_params, workspace_params
from stages.pipeline.errors import InputError
from stages.pipeline.files import atomic_file, read_table, sha256, write_json
from stages.pipeline.params import load_params, read_mapping
from stages.stems import CLASSES
from stages.stems.manifest import CATALOGUE_ROOTS
from stages.stems.segments import PROBABILITIES, TRUTHS
from stages.variants.names import OWN

WORKSPACE = re.compile(r"(?P<condition>\w+)-seed(?P<seed>\d+)")
RUN = ["condition", "seed"]
STEMS = "stems.json"
TEXTS = {*NAMES, "stage", "item", "cpu", "device", "python", "packages"}


@dataclass(frozen=True)
class Measured:
    """Tables of all runs, in the order of their keys.

    separation: condition, seed, network, training_data, song, class, csdr, usdr (dB).
    classification: condition, seed, training_data, inputs, class, accuracy (percent), f1, precision, recall (0..1).
    decisions: condition, seed, training_data, inputs, songs, p_<class> (cut off after two decimals), true_<class>; of
        the pipeline alone.
    labels: condition, seed, labels, threshold, then counts of segments, and how right the labels are (0..1).
    timing: condition, seed, stage, item, wall_seconds, training_seconds.
    environment: condition, seed, cpu, cores, threads, device, python, packages: what that run was computed on; several
        rows for one whose pieces were computed on several machines.
    """

    separation: pd.DataFrame
    classification: pd.DataFrame
    decisions: pd.DataFrame
    labels: pd.DataFrame
    timing: pd.DataFrame
    environment: pd.DataFrame


COLUMNS = {  # of the files; that of separation has a row for each song, which takes half the bytes
    "separation": [*RUN, "network", "training_data", "song", *(f"{sdr}_{name}" for sdr in SDRS for name in CLASSES)],
    "classification": [*RUN, "training_data", "inputs", "class", *MEASURES],
    "decisions": [*RUN, "training_data", "inputs", "songs", *PROBABILITIES, *TRUTHS],
    "labels": [*RUN, "labels", "threshold", *LABEL_COUNTS, *LABEL_MEASURES],
    "timing": [*RUN, "stage", "item", "wall_seconds", "training_seconds"],
    "environment": [*RUN, "cpu", "cores", "threads", "device", "python", "packages"],
}
KEYS = {  # leading columns that name one run's rows
    "separation": 4, "classification": 3, "decisions": 3, "labels": 3, "timing": 4, "environment": 8,
}  # fmt: skip


def collect(root: Path, folder: Path) -> Measured:
    """Add what the pipeline and the workspaces under `root` hold to the tables in `folder`, and return all of it.

    The repository's own run is condition pipeline at its seed. A workspace may be half done: what is there is taken.
    Raises InputError naming the first malformed file, and where what is there was measured with other parameters, or
    on other stems.
    """
    kept = folder / "params.yaml"
    if kept.exists():
        check_parameters(root / "params.yaml", kept)
    else:
        with atomic_file(kept) as temporary:
            temporary.write_text(yaml.safe_dump(_measured_with(root / "params.yaml"), sort_keys=False))
    if (root / "dvc.lock").exists():
        check_pipeline(root)
    if not (folder / STEMS).exists() and (manifests := _manifests(root)):
        write_json(folder / STEMS, manifests)
    check_stems(root, folder / STEMS)
    tables = {name: read_measured(folder / f"{name}.csv", columns) for name, columns in COLUMNS.items()}
    for condition, seed, workspace in runs_below(root):
        try:
            found = workspace_tables(workspace, condition)
        except InputError as error:  # which names a file inside it
            where = "" if workspace == root else f"{workspace}: "
            raise InputError(f"{where}{error}") from error
        for name, new in found.items():
            tables[name] = _replaced(
                tables[name], new.assign(condition=condition, seed=seed)[COLUMNS[name]], KEYS[name]
            )
    for name, columns in COLUMNS.items():
        ordered = tables[name].sort_values(columns[: KEYS[name]], kind="stable")
        write_csv(_shortened(ordered), folder / f"{name}.csv")
    others = {name: read_measured(folder / f"{name}.csv", COLUMNS[name]) for name in COLUMNS.keys() - {"separation"}}
    return Measured(separation=read_separation(folder), **others)


def read_separation(folder: Path) -> pd.DataFrame:
    """`Measured.separation` of the tables in `folder`."""
    table = read_measured(folder / "separation.csv", COLUMNS["separation"])
    names = COLUMNS["separation"][: KEYS["separation"] + 1]
    parts = [
        table[names].assign(**{"class": name}, **{sdr: table[f"{sdr}_{name}"] for sdr in SDRS}) for name in CLASSES
    ]
    return pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)  # song by song


def runs_below(root: Path) -> list[tuple[str, int, Path]]:
    """Condition, seed and folder of every workspace that was opened, but for own labels, and of the pipeline itself."""
    found = [(WORKSPACE.fullmatch(path.name), path) for path in sorted((root / "studies").glob("*-seed*"))]
    workspaces = [
        (match["condition"], int(match["seed"]), path)
        for match, path in found
        if match and match["condition"] != OWN and (path / "params.yaml").exists()
    ]
    for condition, seed, path in workspaces:
        check_workspace(root, condition, seed, path)
    return [*workspaces, ("pipeline", load_params(root / "params.yaml").seed, root)]


def check_pipeline(root: Path) -> None:
    """InputError where what the pipeline measured is not what dvc.lock has of a run with today's parameters.

    For instance after `dvc exp run` with others, where params.yaml alone was checked out again.
    """
    params = OmegaConf.load(root / "params.yaml")
    try:
        lock = OmegaConf.to_container(OmegaConf.load(root / "dvc.lock"))  # it reads 1e-05 as a number, as DVC writes it
    except yaml.YAMLError as error:
        raise InputError(f"{root / 'dvc.lock'}: cannot be read as YAML: {error}") from error
    for name, stage in lock["stages"].items():
        outs = [out for out in stage.get("outs", []) if out["path"].startswith(("metrics/", "scores/"))]
        measured = [out for out in outs if (root / out["path"]).is_file()]
        recorded = stage.get("params", {}).get("params.yaml", {})
        others = [key for key, value in recorded.items() if OmegaConf.select(params, key) != value]
        if measured and others:
            raise InputError(f"{root / 'params.yaml'}: {name} was run with another {others[0]}: `dvc repro` first")
        for out in measured:
            if hashlib.md5((root / out["path"]).read_bytes()).hexdigest() != out["md5"]:
                raise InputError(f"{root / out['path']}: expected what dvc.lock has of {name}: `dvc repro` first")


def check_workspace(root: Path, condition: str, seed: int, workspace: Path) -> None:
    """InputError where a workspace was run with other parameters than its condition and seed ask for today."""
    wanted, _ = workspace_params(root, condition, seed)
    if not has_params(workspace, wanted):
        raise InputError(
            f"{workspace}/params.yaml: expected {root / 'params.yaml'} with what {condition} changes; remove the "
            "workspace, or run the study anew"
        )


def check_parameters(ours: Path, kept: Path) -> None:
    """Raises InputError where our parameters are others than those that everything was measured with, or none are kept.

    The seed may differ, and what it is computed on.
    """
    if not kept.exists():
        raise InputError(f"{kept} is missing: `python analysis/make_reference.py` writes it with what was measured")
    if read_mapping(kept) != _measured_with(ours):
        raise InputError(
            f"{ours}: expected the parameters that {kept} was measured with; to begin anew, remove its folder"
        )


def check_stems(root: Path, kept: Path) -> None:
    """InputError where the stems that are there are not those that everything was measured on, by their manifests.

    Another release of a synthesiser renders other music, of which scores pair with ours by name alone.
    """
    wanted = read_mapping(kept) if kept.exists() else {}  # JSON is YAML
    for name, digest in _manifests(root).items():
        if wanted.get(name, digest) != digest:
            raise InputError(
                f"{root / name}: expected the stems that {kept} was measured on; to begin anew, remove its folder"
            )


def _manifests(root: Path) -> dict[str, str]:
    """The SHA-256 of every catalogue's manifest, which has that of each file."""
    paths = {path.as_posix(): root / path for path in (stems / "manifest.csv" for stems in CATALOGUE_ROOTS.values())}
    return {name: sha256(path) for name, path in paths.items() if path.exists()}


def _measured_with(path: Path) -> dict:
    """As YAML gives it back: lists, no tuples."""
    return load_params(path).model_dump(mode="json", exclude={"seed", "compute"})


def _replaced(table: pd.DataFrame, new: pd.DataFrame, keys: int) -> pd.DataFrame:
    """The table with `new` in place of the rows of the same runs, which the first `keys` columns name."""
    names = list(table.columns[:keys])
    again = pd.MultiIndex.from_frame(table[names]).isin(pd.MultiIndex.from_frame(new[names]))
    return pd.concat([part for part in (table[~again], new) if len(part)] or [table], ignore_index=True)


def read_measured(path: Path, columns: list[str]) -> pd.DataFrame:
    """One of the committed tables; without rows where there is none yet.

    Raises InputError where it is malformed, as the marks of a merge conflict make it.
    """
    if not path.exists():
        return pd.DataFrame(columns=columns).astype({"seed": int})
    try:
        table = read_table(path, columns, TEXTS)
    except ValueError as error:
        raise InputError(f"{path}: expected a table: {error}") from error
    if list(table.columns) != columns:
        raise InputError(f"{path}: expected the columns {','.join(columns)}, got {','.join(table.columns)}")
    seeds = pd.to_numeric(table["seed"], errors="coerce")
    for row in np.flatnonzero(seeds.isna() | table["condition"].isna()):
        raise InputError(f"{path}: line {row + 2}: expected a condition and a seed, got {table.iloc[row, 0]!r}")
    return table.astype({"seed": int})


def workspace_tables(workspace: Path, condition: str) -> dict[str, pd.DataFrame]:
    """What one workspace holds of each table, without condition and seed."""
    tables = {"separation": _separation(workspace), "classification": _classification(workspace)}
    if condition == "pipeline":
        tables["decisions"] = _decisions(workspace)
    return tables | {"labels": _labels(workspace), "timing": _timing(workspace), "environment": _environment(workspace)}


def _separation(workspace: Path) -> pd.DataFrame:
    tables = []
    for file in _files(workspace, "scores/separator/*-*.csv"):
        network, _, training = Path(file).stem.partition("-")
        table = read_csv(workspace, file, ["song", "class", *SDRS])
        if table.duplicated(["song", "class"]).any():
            raise InputError(f"{file}: expected one row for each song and class")
        table = table.pivot(index="song", columns="class", values=list(SDRS))
        table.columns = ["_".join(names) for names in table.columns]
        tables.append(table.reset_index().assign(network=network, training_data=training))
    return pd.concat([pd.DataFrame(columns=COLUMNS["separation"]), *tables])


def _classification(workspace: Path) -> pd.DataFrame:
    rows = []
    for file in _files(workspace, "metrics/score_classifier/*.json"):
        rows += [[Path(file).stem, *scores] for scores in classifier_scores(read_json(workspace, file), file)]
    return pd.DataFrame(rows, columns=COLUMNS["classification"][2:])


def _decisions(workspace: Path) -> pd.DataFrame:
    columns = COLUMNS["decisions"][3:]
    tables = [
        read_csv(workspace, f"scores/classifier/{name}.csv", columns).assign(training_data=name)
        for name in ("clean", "noisy", "refined")
        if (workspace / f"scores/classifier/{name}.csv").exists()
    ]
    return pd.concat([pd.DataFrame(columns=COLUMNS["decisions"]), *tables])


def _labels(workspace: Path) -> pd.DataFrame:
    rows = []
    for pattern in ("label_segments/noisy.json", "refine_labels/*.json", "label_variant/*.json"):
        for file in _files(workspace, f"metrics/{pattern}"):
            content = read_json(workspace, file)
            threshold = content.get("threshold")
            counts = [int(number(content, file, key)) for key in LABEL_COUNTS]
            known = content.get("label_quality") is not None
            quality = [number(content, file, "label_quality", name) if known else nan for name in LABEL_MEASURES]
            rows.append([Path(file).stem, threshold if isinstance(threshold, float) else None, *counts, *quality])
    return pd.DataFrame(rows, columns=COLUMNS["labels"][2:])


def _timing(workspace: Path) -> pd.DataFrame:
    return read_timing(workspace) if _files(workspace, "timing/*.json") else pd.DataFrame(columns=COLUMNS["timing"])


def _environment(workspace: Path) -> pd.DataFrame:
    found = read_environment(workspace)
    if not found:
        return pd.DataFrame(columns=COLUMNS["environment"])
    packages = ", ".join(f"{name} {version}" for name, version in sorted(found["packages"].items()))
    return pd.DataFrame([{**found, "packages": packages}])


def _files(workspace: Path, pattern: str) -> list[str]:
    return [path.relative_to(workspace).as_posix() for path in sorted(workspace.glob(pattern))]


def _shortened(table: pd.DataFrame) -> pd.DataFrame:
    """Four decimals for what was measured; probabilities cut off after two, so that thresholds of two hold."""
    measured = [name for name in table.columns if name not in (*TEXTS, *RUN) and _numeric(table[name])]
    numbers = table[measured].apply(pd.to_numeric)
    shortened = {name: _cut(numbers[name]) if name in PROBABILITIES else numbers[name].round(4) for name in measured}
    return table.assign(**shortened)


def _cut(probabilities: pd.Series) -> pd.Series:
    """Cut off after two decimals; 0.29 stays, although 100 times its binary number is below 29."""
    return np.floor((100 * probabilities).round(4)) / 100


def _numeric(column: pd.Series) -> bool:
    return pd.to_numeric(column, errors="coerce").notna().sum() == column.notna().sum()
