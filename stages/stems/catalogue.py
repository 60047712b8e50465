"""The songs of a catalogue (clean, noisy or test) behind one form, whether they are rendered or recorded."""

import functools
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from stages.pipeline.errors import InputError
from stages.pipeline.params import Recorded, Stems
from stages.stems import rendered
from stages.stems.datasets import Recording, data_set
from stages.stems.datasets.naming import file_name, file_names
from stages.stems.datasets.reading import read_recording
from stages.stems.datasets.validation import check_recording, read_index
from stages.stems.manifest import StemFile
from stages.stems.songs import Song, Source


class Entry(NamedTuple):
    """A song to be: its split, and the call that makes it, in any process."""

    split: str
    make: Callable[[], Song]


def catalogue_songs(catalogue: str, settings: Stems) -> list[Entry]:
    """The songs of a catalogue.

    Raises InputError where a tool, the data set or its official split is missing, and for a rate that songs can't be
    rendered at.
    """
    chosen = getattr(settings, catalogue)
    if isinstance(chosen, Recorded):
        return recorded_songs(catalogue, chosen, settings.rate)
    lowest, highest = rendered.RATES
    if not lowest <= settings.rate <= highest:
        raise InputError(f"stems.rate: expected {lowest} to {highest} Hz for songs to be rendered, got {settings.rate}")
    rendered.check_tools()
    held_out = 0 if catalogue == "test" else chosen.validation
    splits = ["test" if catalogue == "test" else "train"] * chosen.songs + ["valid"] * held_out
    return [
        Entry(split, functools.partial(
            rendered.render_song, catalogue, index, tuple(settings.song_seconds), settings.rate
        ))
        for index, split in enumerate(splits)
    ]  # fmt: skip


def build_song(
    write: Callable[[Path, Song, str, int], list[StemFile]], root: Path, rate: int, entry: Entry
) -> list[StemFile]:
    """Make a song and write it below `root`, as sources or as stems; returns its manifest rows.

    Raises InputError for a test song without one frame of SDR.
    """
    song = entry.make()
    if entry.split == "test" and song.sources[0].audio.shape[1] < rate:
        raise InputError(f"{song.name}: expected a test song of at least a second: leave it out by stems.test.exclude")
    return write(root, song, entry.split, rate)


def recorded_songs(catalogue: str, chosen: Recorded, rate: int) -> list[Entry]:
    """The songs of a data set that belong in a catalogue.

    Where the set has splits of its own, test gets its test songs, the others its training and validation songs. Where
    it has none, every catalogue gets all of it; `validation` songs are held out, which follow from the names alone.
    """
    root = Path(chosen.root)
    recordings = data_set(chosen.source).recordings(root)
    if catalogue != "noisy" and (chosen.mislabelled or not all(song.labels_are_true for song in recordings)):
        raise InputError(
            f"stems.{catalogue}.source: {chosen.source} comes mislabelled, so it can only be the noisy set"
        )
    unknown = set(chosen.exclude) - {name for song in recordings for name in (song.name, file_name(song.name))}
    if unknown:
        raise InputError(f"stems.{catalogue}.exclude: expected songs of {root}, it has no {min(unknown)!r}")
    recordings = [song for song in recordings if not {song.name, file_name(song.name)} & set(chosen.exclude)]
    if not recordings:
        raise InputError(f"stems.{catalogue}.exclude: expected to leave some song of {root}")
    if problems := [line for song in recordings for line in song.problems]:
        others = f"; and {len(problems) - 1} more problems, tools/validate_data.py lists them"
        raise InputError(problems[0] + (others if problems[1:] else ""))
    names = file_names(str(root), [song.name for song in recordings])
    recordings = [_renamed(song, names[song.name], chosen.mislabelled) for song in recordings]
    if recordings[0].split is None:
        splits = _draw_splits(recordings, catalogue, chosen)
    else:
        if chosen.validation:
            raise InputError(f"stems.{catalogue}.validation: {chosen.source} names its validation songs: expected 0")
        wanted = ("test",) if catalogue == "test" else ("train", "valid")
        splits = {recording.name: recording.split for recording in recordings if recording.split in wanted}
    if not splits:
        raise InputError(f"{root}: expected songs for {catalogue}, found none")
    make = functools.partial(_read_song, root, Path(chosen.index) if chosen.index else None, chosen.source, rate)
    return [
        Entry(splits[recording.name], functools.partial(make, recording))
        for recording in recordings
        if recording.name in splits
    ]


def _draw_splits(recordings: list[Recording], catalogue: str, chosen: Recorded) -> dict[str, str]:
    if catalogue == "test":
        if chosen.validation:
            raise InputError(f"stems.test.validation: expected 0, no test song is held out, got {chosen.validation}")
        return {recording.name: "test" for recording in recordings}
    if len(recordings) < 2:
        raise InputError(f"{chosen.root}: expected two songs at least for {catalogue}, one of them to hold out")
    if not 0 < chosen.validation < len(recordings):
        raise InputError(
            f"stems.{catalogue}.validation: {chosen.source} has no validation songs of its own and {len(recordings)} "
            f"songs: expected how many of them to hold out, got {chosen.validation}"
        )
    names = sorted((recording.name for recording in recordings), key=lambda n: hashlib.sha256(n.encode()).digest())
    return {name: "valid" if place < chosen.validation else "train" for place, name in enumerate(names)}


def _read_song(root: Path, index: Path | None, data_set_name: str, rate: int, recording: Recording) -> Song:
    if index:
        check_recording(recording, root, _index(index, data_set_name))
    parts = read_recording(recording, rate)
    sources = [Source(source.name, source.cls, audio) for source, audio in zip(recording.sources, parts, strict=True)]
    return Song(recording.name, tuple(sources), recording.labels_are_true)


def _renamed(song: Recording, name: str, mislabelled: bool) -> Recording:
    names = file_names(song.name, [source.name for source in song.sources])
    sources = tuple(replace(source, name=names[source.name]) for source in song.sources)
    return replace(song, name=name, sources=sources, labels_are_true=song.labels_are_true and not mislabelled)


@functools.cache
def _index(path: Path, data_set_name: str) -> dict[str, str]:
    return read_index(path, data_set_name)
