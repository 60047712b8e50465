"""The measurements that claims are decided on, by test song and training seed, and what some of those say.

Test songs and seeds are the units of every statistic; frames and segments of one song are never treated as
independent of each other.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd

from stages.stems import CLASSES
from stages.stems.segments import PROBABILITIES, TRUTHS


class Scores(Protocol):
    """What a claim's rule may ask for."""

    def classifier(self, inputs: str, training: str, measure: str) -> float:
        """A macro average of Table 1: accuracy in percent, the others 0..1."""

    def sdr(self, network: str, arm: str) -> float:
        """A frame-wise SDR (csdr, dB), averaged over the classes."""


class Decisions(NamedTuple):
    """What one classifier said of its inputs: members (inputs, 4) are the places of their songs; (inputs, 4) bools."""

    members: np.ndarray
    predicted: np.ndarray
    truth: np.ndarray


@dataclass(frozen=True)
class Measurements:
    """What one or more seeds' runs measured on the same test songs.

    sdr: of a (network, training data), dB averaged over the classes, shape (songs, seeds); NaN where it was not run,
        and for a song that lacks a value for some class.
    decisions: of (inputs, training data), one for each seed.
    """

    songs: list[str]
    seeds: list[int]
    sdr: dict[tuple[str, str], np.ndarray]
    decisions: dict[tuple[str, str], list[Decisions]]

    def that_have(self, asked: "Asked") -> "Measurements | None":
        """What was asked for, at the seeds in which all of it was run and on the songs that all of it has.

        None where there is no such seed, or fewer than two songs, which have no interval.
        """
        if not (asked.sdr_keys <= self.sdr.keys() and asked.decision_keys <= self.decisions.keys()):
            return None
        kept = [
            i
            for i in range(len(self.seeds))
            if not any(np.isnan(self.sdr[key][:, i]).all() for key in asked.sdr_keys)
            and all(len(self.decisions[key][i].truth) for key in asked.decision_keys)
        ]
        if not kept:
            return None
        sdr = {key: self.sdr[key][:, kept] for key in asked.sdr_keys}
        decisions = {key: [self.decisions[key][i] for i in kept] for key in asked.decision_keys}
        chosen = Measurements(self.songs, [self.seeds[i] for i in kept], sdr, decisions)
        return chosen if chosen.complete_songs().sum() >= 2 else None

    def asked_by(self, *values: Callable[[Scores], float]) -> "Measurements | None":
        """`that_have` what these values ask for."""
        asked = Asked()
        for value in values:
            value(asked)
        return self.that_have(asked)

    def complete_songs(self) -> np.ndarray:
        """Which songs have every SDR at every seed: (songs,) bools."""
        return ~np.any([np.zeros(len(self.songs), bool), *(np.isnan(v).any(axis=1) for v in self.sdr.values())], axis=0)

    def all(self) -> "Sample":
        """Every song that is complete, every seed."""
        return Sample(self, self.complete_songs(), np.ones(len(self.seeds), bool))

    def without_each_song(self) -> "list[Sample]":
        """`all` without one of the songs, each in turn."""
        complete = self.complete_songs()
        return [replace(self.all(), songs=complete & ~one) for one in np.eye(len(complete), dtype=bool)[complete]]

    def without_each_seed(self) -> "list[Sample]":
        """`all` without one of the seeds, each in turn."""
        return [replace(one, seeds=~one.seeds) for one in self.each_seed()]

    def each_seed(self) -> "list[Sample]":
        """`all` of one seed, each in turn."""
        return [replace(self.all(), seeds=one) for one in np.eye(len(self.seeds), dtype=bool)]


def measurements(songs: pd.DataFrame, decisions: pd.DataFrame, threshold: float) -> Measurements:
    """
    Args:
        songs: seed, network, training_data, song, class, csdr.
        decisions: seed, training_data, inputs, songs (joined by "/"), p_<class> and true_<class>.
        threshold: from which probability on a class is predicted.
    """
    mixed = decisions["songs"].str.split("/").explode()
    names = sorted({*songs["song"], *mixed} - {""})
    seeds = sorted({*songs["seed"].tolist(), *decisions["seed"].tolist()})
    averages = songs.set_index(["network", "training_data", "song", "seed", "class"])["csdr"].unstack("class")
    averages = averages.reindex(columns=list(CLASSES)).mean(axis=1, skipna=False)
    sdr = {
        key: table.droplevel([0, 1]).unstack("seed").reindex(index=names, columns=seeds).to_numpy(float)
        for key, table in averages.groupby(level=[0, 1])
    }
    place = {name: index for index, name in enumerate(names)} | {"": len(names)}
    said = {
        key: [
            Decisions(
                members(rows["songs"].tolist(), place),
                rows[PROBABILITIES].to_numpy() >= threshold,
                rows[TRUTHS].to_numpy() == 1,
            )
            for rows in (table[table["seed"] == seed] for seed in seeds)
        ]
        for key, table in decisions.groupby(["inputs", "training_data"])
    }
    return Measurements(names, seeds, sdr, said)


def members(songs: list[str], place: dict[str, int]) -> np.ndarray:
    """The places of each input's songs, filled up to four with that of "", which is no song: (inputs, 4)."""
    found = np.full((len(songs), len(CLASSES)), place[""])
    for row, text in zip(found, songs, strict=True):
        names = text.split("/")
        row[: len(names)] = [place[name] for name in names]
    return found


class Asked:
    """`Scores` that only note what is asked for."""

    def __init__(self) -> None:
        self.sdr_keys: set[tuple[str, str]] = set()
        self.decision_keys: set[tuple[str, str]] = set()

    def classifier(self, inputs: str, training: str, measure: str) -> float:
        self.decision_keys.add((inputs, training))
        return 0.0

    def sdr(self, network: str, arm: str) -> float:
        self.sdr_keys.add((network, arm))
        return 0.0


@dataclass(frozen=True)
class Sample:
    """`Scores` of some songs, (songs,) bools, at some seeds, (seeds,) bools."""

    measurements: Measurements
    songs: np.ndarray
    seeds: np.ndarray

    def sdr(self, network: str, arm: str) -> float:
        return self.measurements.sdr[network, arm][np.ix_(self.songs, self.seeds)].mean()

    def classifier(self, inputs: str, training: str, measure: str) -> float:
        """Of the inputs all of whose songs are there; a mix of nothing has none."""
        there = np.append(self.songs, True)
        by_seed = []
        for place in np.flatnonzero(self.seeds):
            said = self.measurements.decisions[inputs, training][place]
            heard = there[said.members].all(axis=1)
            by_seed.append(macro_average(said.predicted[heard], said.truth[heard], measure))
        return np.mean(by_seed)


def macro_average(predicted: np.ndarray, truth: np.ndarray, measure: str) -> float:
    """A measure averaged over the classes; nothing divided by nothing is 0.

    Args:
        predicted, truth: bools of shape (inputs, 4).
        measure: accuracy (percent), f1, precision or recall (0..1).
    """
    hits, given, there = (part.sum(axis=0) for part in (predicted & truth, predicted, truth))
    above, below = {
        "accuracy": (100 * (predicted == truth).sum(axis=0), np.full(len(CLASSES), len(truth))),
        "f1": (2 * hits, given + there),
        "precision": (hits, given),
        "recall": (hits, there),
    }[measure]
    return np.divide(above, below, out=np.zeros(len(CLASSES)), where=below > 0).mean()
