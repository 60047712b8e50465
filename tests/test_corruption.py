"""Corruption: calibrated, seeded, and the sum of stems is still the sum of sources."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import RATE, run_stage_here

from stages.stems import CLASSES
from stages.stems.audio import read_audio
from stages.stems.corruption import (
    contaminated,
    corrupt_song,
    corrupted_stems,
    corruption_generator,
    mix_parts,
    segment_energies,
)
from stages.stems.manifest import Part, by_song, read_manifest, write_manifest
from stages.stems.rendered import compose_song, song_generator

PARTS = [
    Part("voice", "vocals"),
    Part("bass", "bass"),
    Part("kick", "drums"),
    Part("snare", "drums"),
    Part("piano", "other"),
]


def with_bleeding(settings, rate):
    return settings.model_copy(update={"bleeding": settings.bleeding.model_copy(update={"rate": rate})})


def test_every_source_is_in_exactly_one_stem(params):
    for number in range(50):
        stems = corrupted_stems(PARTS, params.corruption, corruption_generator(0, f"song{number}"))
        assert sorted(part.name for parts in stems.values() for part in parts) == sorted(part.name for part in PARTS)


def test_default_rates_give_the_papers_contamination(params):
    """Vocals 32 %, bass 45 %, drums 19 %, other 49 %, within 3 points, over 2000 songs of the noisy catalogue."""
    paper = {"vocals": 0.32, "bass": 0.45, "drums": 0.19, "other": 0.49}
    counts = dict.fromkeys(CLASSES, 0)
    for index in range(2000):
        score = compose_song("noisy", index, params.stems.song_seconds, song_generator("noisy", index))
        parts = [Part(part.name, part.cls) for part in score.parts]
        for c, held in corrupted_stems(parts, params.corruption, corruption_generator(1, score.name)).items():
            counts[c] += contaminated(c, held)
    assert {c: count / 2000 for c, count in counts.items()} == pytest.approx(paper, abs=0.03)


def test_stems_that_lost_everything_are_counted_apart(project):
    """In the project's songs one source is bass, and every one of them becomes drums."""
    content = yaml.safe_load(Path("params.yaml").read_text())
    content["corruption"]["flip_rate"]["bass"] = 1.0
    content["corruption"]["confusion"]["bass"] = {"vocals": 0.0, "drums": 1.0, "other": 0.0}
    Path("params.yaml").write_text(yaml.safe_dump(content))
    run_stage_here("corrupt_stems")
    shares = json.loads(Path("metrics/corrupt_stems.json").read_text())
    assert shares["contaminated"] == {"vocals": 0, "bass": 1, "drums": 1, "other": 0}
    assert shares["empty"] == {"vocals": 0, "bass": 1, "drums": 0, "other": 0}


def test_an_instrumental_has_no_vocals_that_noise_could_have_emptied(project):
    """Of the project's three songs one has no voice, and of the others one is filed as drums."""
    root = Path("data/stems/noisy_sources")
    files = read_manifest(root)
    first, *others = by_song(files)
    write_manifest(root, [file for file in files if file.song != first or file.sources[0].name != "voice"])
    content = yaml.safe_load(Path("params.yaml").read_text())
    content["corruption"]["flip_rate"]["vocals"] = 0.5
    content["corruption"]["confusion"]["vocals"] = {"bass": 0.0, "drums": 1.0, "other": 0.0}
    Path("params.yaml").write_text(yaml.safe_dump(content))
    run_stage_here("corrupt_stems")
    stems = {(file.song, file.stem): file for file in read_manifest(Path("data/stems/noisy"))}
    assert not stems[first, "vocals"].sources  # it is there, and silent
    flipped = [song for song in others if not stems[song, "vocals"].sources]
    shares = json.loads(Path("metrics/corrupt_stems.json").read_text())
    assert len(flipped) == 1 and shares["empty"] == {"vocals": 1 / 2, "bass": 0, "drums": 0, "other": 0}
    assert shares["contaminated"] == {"vocals": 1 / 2, "bass": 0, "drums": 1 / 3, "other": 0}


def test_corruption_is_the_same_for_a_seed_and_another_for_another(params):
    def draw(seed):
        return [corrupted_stems(PARTS, params.corruption, corruption_generator(seed, f"song{n}")) for n in range(20)]

    assert draw(0) == draw(0)
    assert draw(0) != draw(1)


def test_bleeding_leaks_every_other_stem_softly(params):
    stems = corrupted_stems(PARTS, with_bleeding(params.corruption, 1.0), corruption_generator(0, "song"))
    for parts in stems.values():
        assert sorted(part.name for part in parts) == sorted(part.name for part in PARTS)
        assert all(-24 <= part.gain_db <= -12 for part in parts if part.gain_db)
    assert sum(part.gain_db == 0 for parts in stems.values() for part in parts) == len(PARTS)


def test_what_bleeds_is_softer_by_its_gain(sources):
    root, files = sources
    paths = {file.path.split("/")[-1].removesuffix(".wav"): root / file.path for file in files if file.song == "song0"}
    frames = min(file.frames for file in files)
    full, soft = (mix_parts([Part("kick", "drums", gain)], paths, frames, RATE) for gain in (0.0, -20.0))
    assert np.abs(full).max() > 0.05 and np.allclose(soft, 0.1 * full, atol=1e-6)


def test_corrupted_stems_add_up_to_the_song(params, sources, tmp_path):
    root, files = sources
    song = [file for file in files if file.song == "song0"]
    stems = corrupt_song("song0", song, root, tmp_path / "noisy", params.corruption, seed=1)
    total = sum(read_audio(tmp_path / "noisy" / stem.path, 0, stem.frames) for stem in stems)
    expected = sum(read_audio(root / file.path, 0, file.frames) for file in song)
    assert [stem.stem for stem in stems] == list(CLASSES)
    assert np.abs(total - expected).max() <= 4 / 32768


def test_energies_of_a_stem_are_those_of_its_sources_by_class(params, sources, tmp_path):
    root, files = sources
    song = [file for file in files if file.song == "song0"]
    settings = params.corruption.model_copy(update={"flip_rate": params.corruption.flip_rate.model_copy(
        update=dict.fromkeys(CLASSES, 1.0))})  # fmt: skip
    stems = corrupt_song("song0", song, root, tmp_path / "noisy", settings, seed=1)
    paths = {file.sources[0].name: root / file.path for file in song}
    for stem in stems:
        energies = segment_energies(stem, paths, [0, RATE], RATE)
        holds = [any(part.cls == c for part in stem.sources) for c in CLASSES]
        assert (energies > 0).tolist() == [holds] * 2
        assert not holds[CLASSES.index(stem.stem)]  # every label was flipped
        if len(stem.sources) == 1:
            assert energies[energies > 0] == pytest.approx(0.1**2 / 2, rel=0.01)
