"""The embedded data set: songs follow from their index alone, and no sum of sources clips."""

import hashlib
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from stages.pipeline.errors import InputError
from stages.stems import CLASSES, rendered, sampler, singing
from stages.stems.catalogue import catalogue_songs
from stages.stems.instruments import BASSES, DRUMS, FONTS, INSTRUMENTS, KITS
from stages.stems.sampler import Note
from stages.stems.styles import STYLES
from stages.stems.voices import LINES, VOICES

RATE = 22050
ROOT = Path(__file__).parent.parent


@lru_cache
def song(catalogue: str, index: int) -> rendered.Song:
    return rendered.render_song(catalogue, index, (5, 6), RATE)


def digest(rendering: rendered.Song) -> str:
    return hashlib.sha256(b"".join(source.audio.tobytes() for source in rendering.sources)).hexdigest()


def test_a_song_follows_from_its_index_alone():
    song("clean", 4), song("noisy", 2)
    program = (
        "from tests.test_rendered import digest, rendered\n"
        "for key in (('noisy', 2), ('clean', 4)): print(digest(rendered.render_song(*key, (5, 6), 22050)))"
    )
    answer = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == [digest(song("noisy", 2)), digest(song("clean", 4))]


def test_another_index_is_another_song():
    one, two = song("clean", 4), song("noisy", 2)
    assert one.name != two.name
    assert digest(one) != digest(two)


@pytest.mark.parametrize("key", [("clean", 4), ("noisy", 2)])
def test_sources(key):
    sources = song(*key).sources
    assert 6 <= len(sources) <= 10
    assert len({source.name for source in sources}) == len(sources)
    assert {source.cls for source in sources} == set(CLASSES)
    audio = np.stack([source.audio for source in sources])
    assert audio.dtype == np.float32 and audio.shape[1] == 2
    assert 5 * RATE <= audio.shape[2] <= 6 * RATE
    assert np.isfinite(audio).all()
    # The largest sum of a subset of the sources is that of the positive, or of the negative samples.
    assert max(np.maximum(audio, 0).sum(axis=0).max(), np.maximum(-audio, 0).sum(axis=0).max()) <= rendered.CEILING
    for cls in CLASSES:
        stem = sum(source.audio for source in sources if source.cls == cls)
        assert 10 * np.log10(np.mean(stem**2)) > -45
        assert abs(stem.mean()) < 1e-3


def test_rests_are_digital_silence_and_nothing_has_dc():
    time = np.arange(2 * RATE) / RATE
    tone = 0.01 + 0.2 * np.sin(2 * np.pi * 220 * time) * (time < 1)
    playing = rendered.Source("bass", "bass", np.stack([0.3 * np.sin(2 * np.pi * 55 * time)] * 2))
    resting = rendered.Source("piano", "other", np.stack([tone, tone]))
    _, piano = rendered._master([playing, resting], RATE, np.random.default_rng(0))
    assert not piano.audio[:, round(1.5 * RATE) :].any()
    assert piano.audio[:, : RATE // 2].any() and abs(piano.audio[:, :RATE].mean()) < 1e-3


def test_no_voice_is_in_two_catalogues():
    voices = {catalogue: {voice.espeak for voice in VOICES[catalogue]} for catalogue in VOICES}
    assert all(len(voices[catalogue]) == len(VOICES[catalogue]) for catalogue in VOICES)
    assert (
        not voices["clean"] & voices["test"]
        and not voices["clean"] & voices["noisy"]
        and not voices["test"] & voices["noisy"]
    )
    assert all(voice.language in LINES for catalogue in VOICES for voice in VOICES[catalogue])


def test_every_voice_is_known_to_espeak():
    known = subprocess.run(["espeak-ng", "--voices=variant"], capture_output=True, text=True, check=True).stdout
    variants = {word[3:] for word in known.split() if word.startswith("!v/")}
    languages = {
        line.split()[1]
        for line in subprocess.run(["espeak-ng", "--voices"], capture_output=True, text=True).stdout.splitlines()
    }
    for voice in (voice for catalogue in VOICES for voice in VOICES[catalogue]):
        language, variant = voice.espeak.split("+")
        assert language in languages and variant in variants, voice.espeak


def test_clean_and_test_share_fonts_and_styles_and_noisy_has_others():
    assert FONTS["clean"] == FONTS["test"] and not set(FONTS["clean"]) & set(FONTS["noisy"])
    assert STYLES["clean"] == STYLES["test"] and not set(STYLES["clean"]) & set(STYLES["noisy"])


@pytest.mark.parametrize("style", STYLES["clean"] + STYLES["noisy"], ids=lambda style: style.name)
def test_styles_are_well_formed(style):
    for pattern in (
        *style.kick,
        *style.snare,
        *style.hats,
        *style.cymbals,
        *style.percussion,
        *style.bass,
        *style.chords,
    ):
        assert len(pattern) == style.beats * style.grid, pattern
    for part in ("kick", "snare", "hats", "cymbals", "percussion"):
        for letter in "".join(getattr(style, part)).replace(".", ""):
            assert DRUMS[letter.lower()][0] == part
    assert set("".join(style.bass)) <= set("13578a-.") and set("".join(style.chords)) <= set("xXm-.")
    assert (
        set(style.basses) <= set(BASSES)
        and set(style.kits) <= set(KITS)
        and set(style.deliveries) <= set(rendered.DELIVERIES)
    )
    assert {player for _, players in style.other for player in players.split()} <= set(INSTRUMENTS)


def test_a_singer_sings_the_melody():
    import pyworld

    voice = VOICES["clean"][0]
    notes = [Note(0.3, 0.5, 64, 90), Note(0.9, 0.5, 67, 90), Note(1.5, 0.7, 60, 90)]
    audio = singing.sing(
        voice, notes, ["all", "run", "now"], 2.5, singing.Delivery(vibrato=0), np.random.default_rng(0)
    )
    pitch, _ = pyworld.harvest(audio, singing.RATE)
    for note in notes:
        middle = pitch[round((note.start + 0.2) / 0.005) : round((note.start + note.length - 0.05) / 0.005)]
        assert 69 + 12 * np.log2(np.median(middle) / 440) == pytest.approx(note.pitch, abs=0.5)


def test_a_part_is_the_same_whatever_was_played_before():
    notes = [Note(0.5, 0.2, 60, 90)]
    first = sampler.play("tim", 30, notes, RATE, RATE)
    sampler.play("tim", 0, [Note(0.8, 1.0, 49, 110)], RATE, RATE, drums=True)
    again = sampler.play("tim", 30, notes, RATE, RATE)
    assert np.array_equal(first, again)
    assert not first[:, : RATE // 2 - sampler.BLOCK].any() and first.any()


def test_missing_tools_are_named(monkeypatch, tmp_path):
    rendered.check_tools()
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        with pytest.raises(InputError, match="espeak-ng"):
            rendered.check_tools()
    with monkeypatch.context() as patch:
        patch.setattr(sampler, "FONT_FOLDER", tmp_path)
        with pytest.raises(InputError, match="FluidR3_GM.sf2.*fluid-soundfont-gm"):
            rendered.check_tools()
    with monkeypatch.context() as patch:
        patch.setattr(sampler, "LIBRARY", "libfluidsynth.so.none")
        with pytest.raises(InputError, match="fluidsynth"):
            rendered.check_tools()
    assert shutil.which("espeak-ng")


@pytest.mark.parametrize("rate", [16000, 176400])
def test_a_rate_that_cannot_be_rendered_at_is_one_line(rate, params):
    with pytest.raises(InputError, match=rf"^stems\.rate: expected 20000 to 96000 Hz [^\n]*, got {rate}$"):
        catalogue_songs("test", params.stems.model_copy(update={"rate": rate}))


@pytest.mark.parametrize("rate", rendered.RATES)
def test_a_sampled_note_has_its_pitch_at_the_outermost_rates(rate):
    audio = sampler.play("tim", 19, [Note(0.0, 1.0, 69, 100)], rate, rate).mean(axis=0)  # an organ
    peaks = np.abs(np.fft.rfft(audio))  # bins of 1 Hz
    assert peaks[436:445].max() > 0.1 * peaks.max() and abs(peaks[200:600].argmax() + 200 - 440) <= 3


@pytest.mark.parametrize(("catalogue", "index", "seconds"), [("noisy", 26, (12, 16)), ("test", 7, (4, 4))])
def test_a_singer_who_would_come_in_after_the_end_is_silent(catalogue, index, seconds):
    short = rendered.render_song(catalogue, index, seconds, RATE)
    vocals = [source.audio for source in short.sources if source.cls == "vocals"]
    assert any(not audio.any() for audio in vocals)
    assert all(np.isfinite(source.audio).all() for source in short.sources)
