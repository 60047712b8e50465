"""DVC stage corrupt_stems: mislabel the sources of the noisy catalogue and sum them to stems by nominal label."""

from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from stages.pipeline.errors import InputError
from stages.pipeline.files import atomic_folder, write_json
from stages.pipeline.params import Params
from stages.pipeline.stage import run_stage
from stages.stems import CLASSES
from stages.stems.corruption import contaminated, corrupt_song, keep_song
from stages.stems.manifest import CATALOGUE_ROOTS, StemFile, by_song, read_manifest, write_manifest

SOURCES, CORRUPTED = CATALOGUE_ROOTS["noisy"], Path("data/stems/noisy")


def corrupt_stems(params: Params) -> None:
    """Write the corrupted stem set and, in metrics/corrupt_stems.json, the share of contaminated stems by class.

    An empty stem, all of whose sources went to others, counts as contaminated; how many are empty stands beside it. One
    that is empty because the song has no such source, as an instrumental has no vocals, is not counted.
    Raises InputError for a file of the sources that does not hold exactly one.
    """
    manifest = read_manifest(SOURCES)
    for file in manifest:
        if len(file.sources) != 1:
            raise InputError(f"{SOURCES}/manifest.csv: {file.path}: expected one source, got {len(file.sources)}")
    songs = by_song(manifest)
    files: list[StemFile] = []
    with atomic_folder(CORRUPTED) as root:
        for song, sources in tqdm(songs.items(), desc="corrupt", unit="song"):
            if all(file.truth_is_known for file in sources):
                files += corrupt_song(song, sources, SOURCES, root, params.corruption, params.seed)
            else:
                files += keep_song(sources, SOURCES, root)
        write_manifest(root, files)
    had = {(file.song, part.cls) for file in manifest for part in file.sources}
    known = [file for file in files if file.truth_is_known and (file.sources or (file.song, file.stem) in had)]
    stems = {c: [file for file in known if file.stem == c] for c in CLASSES}
    shares = {
        "contaminated": {c: share(contaminated(c, file.sources) for file in stems[c]) for c in CLASSES},
        "empty": {c: share(not file.sources for file in stems[c]) for c in CLASSES},
    }
    write_json(Path("metrics/corrupt_stems.json"), {**shares, "songs": len(songs)})


def share(flags: Iterable[bool]) -> float | None:
    """Of how many it is true; None of none."""
    found = list(flags)
    return sum(found) / len(found) if found else None


if __name__ == "__main__":
    run_stage("corrupt_stems", corrupt_stems)
