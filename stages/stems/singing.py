"""Singing: espeak-ng says the words, the WORLD vocoder puts them on the melody.

Each word is one syllable. Its voiced part (the vowel) is stretched to the note, its consonants keep their length and
their noise; pitch follows the melody with portamento, scoops, vibrato and jitter.
"""

import io
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyworld
import soundfile
from scipy.ndimage import gaussian_filter1d

from stages.pipeline.errors import InputError
from stages.stems.sampler import Note
from stages.stems.voices import Voice

RATE = 22050  # Hz, what espeak-ng speaks at
PERIOD = 0.005  # seconds between the vocoder's frames
LEAD_IN = 0.2  # seconds before a phrase, for the consonants of its first word
PROGRAM = "espeak-ng"


@dataclass(frozen=True)
class Word:
    """A spoken word: log power envelope and aperiodicity (frames, bins), its voiced frames, the vowel's frames."""

    envelope: np.ndarray
    aperiodicity: np.ndarray
    voiced: np.ndarray
    start: int
    stop: int


@dataclass(frozen=True)
class Delivery:
    """How something is sung. `reach` shrinks the melody's intervals: 1 sings them, 0.2 speaks them (rap)."""

    reach: float = 1.0
    vibrato: float = 1.0
    breath: float = 0.0  # added to the voice's own
    portamento: float = 0.03  # seconds
    whisper: bool = False


def check_program() -> None:
    """Raises InputError that names espeak-ng and its Debian package where it is missing."""
    if shutil.which(PROGRAM) is None:
        raise InputError(f"{PROGRAM} is missing: install the Debian package espeak-ng")


@lru_cache(maxsize=1024)
def say(voice: Voice, text: str) -> Word:
    """Let a voice say a word, analyse it and warp its formants."""
    check_program()
    command = [PROGRAM, "-v", voice.espeak, "-s", "150", "-p", "50", "--stdout", text]
    spoken = subprocess.run(command, capture_output=True)
    if spoken.returncode != 0 or not spoken.stdout:
        raise InputError(
            f"espeak-ng voice {voice.espeak}: expected speech, got {spoken.stderr.decode(errors='replace').strip()!r}"
        )
    audio, rate = soundfile.read(io.BytesIO(spoken.stdout), dtype="float64")
    loud = np.flatnonzero(np.abs(audio) > 0.01 * np.abs(audio).max())
    if rate != RATE or not len(loud):
        raise InputError(f"espeak-ng voice {voice.espeak}: expected {text!r} audible at {RATE} Hz, got {rate} Hz")
    audio = np.concatenate([audio[max(0, loud[0] - 200) : loud[-1] + 200], np.zeros(400)])
    pitch, times = pyworld.dio(audio, RATE, f0_floor=60.0, f0_ceil=450.0, frame_period=1000 * PERIOD)
    pitch = pyworld.stonemask(audio, pitch, times, RATE)
    envelope = np.log(pyworld.cheaptrick(audio, pitch, times, RATE) + 1e-12)
    aperiodicity = pyworld.d4c(audio, pitch, times, RATE)
    start, stop = _vowel(pitch, envelope)
    bins = np.arange(envelope.shape[1])
    hertz = bins * RATE / 2 / (len(bins) - 1)
    brightness = voice.tilt * np.log2(np.clip(hertz, 250, 8000) / 1000) * np.log(10) / 10
    warped = np.clip(bins / voice.formant, 0, len(bins) - 1.001)
    low, share = warped.astype(int), warped % 1
    envelope = (1 - share) * envelope[:, low] + share * envelope[:, low + 1] + brightness
    envelope -= np.log(np.exp(envelope[start:stop]).sum(axis=1).mean())  # vowels of all words equally loud
    voiced = pitch > 0
    voiced[start:stop] = True
    return Word(envelope, aperiodicity, voiced, start, stop)


def _vowel(pitch: np.ndarray, envelope: np.ndarray) -> tuple[int, int]:
    """The run of voiced frames round the loudest one, without its weakest ends; the loud part if nothing is voiced."""
    level = np.log10(np.exp(envelope).sum(axis=1)) * 10
    voiced = (pitch > 0) & (level > level.max() - 25)
    if not voiced.any():
        voiced = level > level.max() - 15
    peak = int(np.argmax(np.where(voiced, level, -np.inf)))
    start = stop = peak
    while start > 0 and voiced[start - 1] and level[start - 1] > level[peak] - 12:
        start -= 1
    while stop < len(level) and voiced[stop] and level[stop] > level[peak] - 12:
        stop += 1
    return start, max(stop, start + 1)


def sing(
    voice: Voice, notes: list[Note], words: list[str], seconds: float, delivery: Delivery, rng: np.random.Generator
) -> np.ndarray:
    """Sing notes, the i-th with the i-th word (again from the first where there are fewer): float64 mono at RATE."""
    song = np.zeros(round(seconds * RATE))
    sung = [(note, say(voice, words[i % len(words)])) for i, note in enumerate(notes) if note.start < seconds]
    if not sung:  # a part that would have come in after the end of a short song
        return song
    centre = np.mean([note.pitch for note in notes])
    breaths = [i for i in range(1, len(sung)) if sung[i][0].start - sung[i - 1][0].start - sung[i - 1][0].length > 0.25]
    for first, last in zip([0, *breaths], [*breaths, len(sung)]):  # rests are not synthesised
        phrase = sung[first:last]
        begin = max(0.0, phrase[0][0].start - LEAD_IN)
        audio = _sing_phrase(voice, phrase, begin, centre, delivery, rng)
        position = round(begin * RATE)
        song[position : position + len(audio)] += audio[: len(song) - position]
    return song


def _sing_phrase(
    voice: Voice,
    phrase: list[tuple[Note, Word]],
    begin: float,
    centre: float,
    delivery: Delivery,
    rng: np.random.Generator,
) -> np.ndarray:
    """Notes that are sung in one breath, from `begin` seconds on."""
    end = phrase[-1][0].start + phrase[-1][0].length
    frames = round((end - begin + 0.2) / PERIOD)
    bins = phrase[0][1].envelope.shape[1]
    envelope = np.full((frames, bins), -30.0)
    aperiodicity = np.ones((frames, bins))
    voiced = np.zeros(frames, bool)
    melody, vibrato = np.full(frames, np.nan), np.zeros(frames)
    free = 0  # first frame that no earlier note needs
    for note, word in phrase:
        onset, count = round((note.start - begin) / PERIOD), max(8, round(note.length / PERIOD))
        source = _stretch(word, count)
        skip = max(0, free - (onset - word.start), word.start - onset)
        source = source[skip:][
            : max(0, frames - onset + word.start - skip)
        ]  # the vowel, not its consonant, is on the beat
        if not len(source):
            continue
        here = slice(onset - word.start + skip, onset - word.start + skip + len(source))
        low = source.astype(int)
        share = (source - low)[:, None]
        envelope[here] = (
            (1 - share) * word.envelope[low] + share * word.envelope[low + 1] + 4.6 * np.log10(note.velocity / 100)
        )
        aperiodicity[here] = word.aperiodicity[low]
        voiced[here] = word.voiced[low]
        time = np.arange(len(source)) * PERIOD
        pitch = centre + delivery.reach * (note.pitch - centre)
        if delivery.reach < 1:  # spoken: it falls within a word
            melody[here] = pitch + rng.normal(0, 0.8) - 3 * time
        else:
            melody[here] = pitch - rng.choice([0, 0, 0.7, 1.5]) * np.exp(-time / 0.06)
        depth = voice.vibrato * delivery.vibrato * rng.uniform(0.6, 1.3) * (note.length > 0.3)
        swell = np.clip((time - rng.uniform(0.1, 0.35)) / 0.25, 0, 1)
        vibrato[here] = depth * swell * np.sin(2 * np.pi * (rng.uniform(4.8, 6.5) * time + rng.random()))
        free = onset + count
    known = np.flatnonzero(~np.isnan(melody))
    melody = np.interp(np.arange(frames), known, melody[known])
    jitter = gaussian_filter1d(rng.standard_normal(frames), 8) * 0.35
    melody = gaussian_filter1d(melody, delivery.portamento / PERIOD) + vibrato + jitter
    breath = np.clip(voice.breath + delivery.breath, 0, 0.9)
    noise = breath * np.clip(np.linspace(-0.2, 1.6, bins), 0.02, 1)  # breath is noise in the high bands first
    aperiodicity = np.clip(np.sqrt(aperiodicity**2 * (1 - noise) + noise), 0.001, 0.999)
    power = np.exp(gaussian_filter1d(envelope, 1.0, axis=0, truncate=3.0))  # smooths the joins
    frequency = np.where(voiced & (not delivery.whisper), 440 * 2 ** ((melody - 69) / 12), 0.0)
    return pyworld.synthesize(frequency, power, aperiodicity, RATE, 1000 * PERIOD)


def _stretch(word: Word, count: int) -> np.ndarray:
    """For each sung frame the word's (a fraction): consonants as spoken, the vowel's middle over `count` frames."""
    total = len(word.envelope)
    coda = min(total - word.stop, 30)
    vowel = max(4, count - min(coda, count // 3))
    edge = min(8, (word.stop - word.start) // 3, vowel // 3)
    middle = np.linspace(word.start + edge, word.stop - edge, max(1, vowel - 2 * edge), endpoint=False)
    head = np.arange(0, word.start + edge)
    tail = np.arange(word.stop - edge, word.stop + coda)
    return np.concatenate([head, middle, tail]).clip(0, total - 1.001)
