"""The leak guard: the same song is found under another name, cut, filtered or at another rate; others are not."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import ROOT, SMALL, run_stage_here
from dataset_trees import sound, write
from scipy.signal import butter, resample_poly, sosfilt

from stages.stems import CLASSES
from stages.stems.leaks import SAME, find_leaks, movement, normal_name, similarity
from stages.stems.rendered import render_song

RATE = 22050


@pytest.fixture(scope="module")
def songs() -> dict[str, np.ndarray]:
    """Mixtures of six rendered songs."""
    rendered = [render_song(catalogue, index, (16, 18), RATE) for catalogue in ("clean", "noisy") for index in range(3)]
    return {song.name: sum(source.audio for source in song.sources) for song in rendered}


ALTERED = {
    "cut": (lambda a: a[:, int(2.37 * RATE) : int(14.9 * RATE)], RATE),
    "begins later": (lambda a: np.pad(a[:, int(1.23 * RATE) :], ((0, 0), (2 * RATE, 0))), RATE),
    "softer and noisy": (lambda a: 0.3 * a + np.random.default_rng(0).normal(0, 0.003, a.shape), RATE),
    "filtered": (lambda a: sosfilt(butter(1, [300, 3000], "band", fs=RATE, output="sos"), a), RATE),
    "limited": (lambda a: 0.3 * np.tanh(4 * a), RATE),
    "at another rate": (lambda a: resample_poly(a, 320, 441, axis=1), 16000),
}


@pytest.mark.parametrize("kind", ALTERED)
def test_the_same_song_is_found_by_its_sound(kind, songs):
    alter, rate = ALTERED[kind]
    for audio in songs.values():
        assert similarity(movement(audio, RATE), movement(alter(audio), rate)) > SAME + 0.05


def test_different_songs_are_not_the_same(songs):
    movements = {name: movement(audio, RATE) for name, audio in songs.items()}
    pairs = [similarity(a, b) for x, a in movements.items() for y, b in movements.items() if x < y]
    assert len(pairs) == 15 and max(pairs) < SAME - 0.05
    names = list(movements)
    found, largest = find_leaks({n: movements[n] for n in names[:3]}, {n: movements[n] for n in names[3:]})
    assert found == [] and 0 < largest < SAME


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("AClassicEducation_NightOwl", "A Classic Education - NightOwl"),
        ("Bänd - Tune (00aa11ff)", "BAND_tune"),
        ("Clara Berry And Wooldog - Waltz For My Victims", "ClaraBerryAndWooldog_WaltzForMyVictims"),
    ],
)
def test_names_are_compared_without_case_accents_and_punctuation(name, other):
    assert normal_name(name) == normal_name(other)
    assert normal_name(name) != normal_name(other + " live")


def test_the_same_name_is_a_leak_whatever_it_sounds_like(songs):
    first, second = (movement(audio, RATE) for audio in list(songs.values())[:2])
    leaks, _ = find_leaks({"A Band - Song": first}, {"ABand_Song": second, "Another": second})
    (leak,) = leaks
    assert leak[:2] == ("A Band - Song", "ABand_Song") and leak.reason.startswith("by name, correlation 0.")


@pytest.mark.parametrize(("name", "other"), [("001", "001"), ("(1)", "1"), ("...", "?")])
def test_a_number_is_no_name(name, other, songs):
    first, second = (movement(audio, RATE) for audio in list(songs.values())[:2])
    assert find_leaks({name: first}, {other: second})[0] == []
    assert [leak.reason for leak in find_leaks({name: first}, {other: first})[0]] == ["by its sound, correlation 1.00"]


def test_movement_does_not_depend_on_how_much_is_looked_at_at_once(songs, monkeypatch):
    audio = next(iter(songs.values()))
    expected = movement(audio, RATE)
    monkeypatch.setattr("stages.stems.leaks.AT_ONCE", 37)
    assert np.array_equal(movement(audio, RATE), expected)


@pytest.fixture
def catalogues(tmp_path, monkeypatch):
    """A function that builds catalogues of folders in an empty project, from their songs and what these sound like.

    What each sounds like may be another song's name; `exclude` leaves songs of all catalogues out.
    """
    monkeypatch.chdir(tmp_path)
    content = yaml.safe_load((ROOT / "params.yaml").read_text())
    content["stems"]["rate"] = SMALL["stems"]["rate"]

    def build(exclude: tuple[str, ...] = (), **songs: dict[str, str]) -> None:
        for catalogue, names in songs.items():
            for song, alike in names.items():
                for c in CLASSES:
                    write(tmp_path / f"{catalogue}_songs" / song / f"{c}.wav", 0.7 * sound(alike, c, seconds=12.0))
            chosen = {"source": "folder", "root": f"{catalogue}_songs"}
            if catalogue != "test":
                excluded = [song for song in exclude if song in names]
                chosen |= {"validation": 1, "exclude": excluded, "mislabelled": False}
            content["stems"][catalogue] = chosen
        Path("params.yaml").write_text(yaml.safe_dump(content))
        for catalogue in songs:
            run_stage_here("build_stems", catalogue)

    return build


def test_a_leaked_song_stops_the_run_with_its_two_names(catalogues):
    clean, test = {"one": "one", "two": "two", "three": "three"}, {"four": "four", "hidden": "two"}
    catalogues(clean=clean, test=test)
    with pytest.raises(SystemExit) as caught:
        run_stage_here("check_leaks", "clean")
    assert str(caught.value).startswith(
        "error: songs to train on are in the test set, list them in stems.clean.exclude, or rename those that are "
        "others of the same name: "
        '"two" is the test song "hidden" (by its sound, correlation '
    )
    assert str(caught.value).count("is the test song") == 1
    assert not Path("metrics/check_leaks").exists()
    catalogues(clean=clean, test=test, exclude=("two",))
    run_stage_here("check_leaks", "clean")
    metrics = json.loads(Path("metrics/check_leaks/clean.json").read_text())
    assert metrics["songs"] == 2 and metrics["songs_too_short_to_hear"] == 0


def test_a_line_says_how_many_noisy_songs_are_in_clean(catalogues, capsys):
    noisy = {"five": "five", "other name": "one", "two": "six", "three": "three"}
    catalogues(clean={"one": "one", "two": "two"}, test={"four": "four"}, noisy=noisy)
    capsys.readouterr()
    run_stage_here("check_leaks", "noisy")
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("check_leaks: ")]
    assert line.startswith("check_leaks: 2 of 4 songs of noisy are in clean, too: Ψ_clean ")
    assert 'the first is "other name" (by its sound, correlation ' in line
    assert json.loads(Path("metrics/check_leaks/noisy.json").read_text())["songs_in_clean"] == 2


def test_a_line_names_the_songs_that_are_twice_in_a_catalogue(catalogues, capsys):
    """Three of one sound are two too many, in three pairs; a test song twice is found with the clean ones."""
    noisy = {"five": "five", "again": "five", "once more": "five", "six": "six"}
    catalogues(clean={"one": "one", "two": "two"}, test={"four": "four", "copy": "four"}, noisy=noisy)
    for catalogue, named, counted in (("clean", "test", 0), ("noisy", "noisy", 2)):
        capsys.readouterr()
        run_stage_here("check_leaks", catalogue)
        (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("check_leaks: ")]
        assert line.startswith(f"check_leaks: songs that are twice in {named} (stems.{named}.exclude leaves ")
        assert line.count("(by its sound, correlation 1.00)") == {"test": 1, "noisy": 3}[named]
        metrics = json.loads(Path(f"metrics/check_leaks/{catalogue}.json").read_text())
        assert metrics["repeated_songs"] == counted
        assert metrics.get("repeated_test_songs") == (1 if catalogue == "clean" else None)
    assert '"again" is "five"' in line or '"five" is "again"' in line


def test_no_line_where_noisy_and_clean_have_no_song_in_common(catalogues, capsys):
    catalogues(clean={"one": "one", "two": "two"}, test={"four": "four"}, noisy={"five": "five", "six": "six"})
    capsys.readouterr()
    run_stage_here("check_leaks", "noisy")
    assert "check_leaks:" not in capsys.readouterr().err
    assert json.loads(Path("metrics/check_leaks/noisy.json").read_text())["songs_in_clean"] == 0


@pytest.mark.filterwarnings("error")
def test_a_song_shorter_than_two_frames_is_like_none(songs):
    short = movement(np.full((2, RATE // 20), 0.1, np.float32), RATE)
    assert short.shape == (4, 1)
    assert find_leaks({"short": short}, {"long": movement(next(iter(songs.values())), RATE)}) == ([], 0.0)
