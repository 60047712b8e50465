"""The embedded data set: a rendered multitrack song from the name of its catalogue and its index alone."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d
from scipy.signal import butter, sosfilt

from stages.stems import CLASSES, arrangement, composer, sampler, singing
from stages.stems.arrangement import Part
from stages.stems.audio import resample
from stages.stems.effects import place, treat
from stages.stems.instruments import BASSES, FONTS, INSTRUMENTS, KITS, LEVELS, Instrument
from stages.stems.singing import Delivery
from stages.stems.songs import CEILING, Song, Source, largest_sums
from stages.stems.styles import STYLES, Style
from stages.stems.synthesis import ElectronicKit, draw_patch, synthesise
from stages.stems.voices import LINES, OPEN_SYLLABLES, VOICES, Voice

CATALOGUES = ("clean", "test", "noisy")
RATES = (20000, 96000)  # Hz; filters are drawn up to 9 kHz, less than half of it, and fluidsynth renders no higher
LOWEST = 20.0  # Hz; what lies below is taken out, DC above all
RESTS = 1e-4  # of full scale, -80 dB
MIX_LEVEL = (-18.5, -14.0)  # dBFS RMS of a mixture before its gain is ridden
CENTRED = ("lead_vocal", "double_vocal", "kick", "snare", "kick_snare", "drum_kit", "riff")  # and every bass
DELIVERIES = {
    "sung": Delivery(),
    "belted": Delivery(vibrato=1.2, portamento=0.02),
    "breathy": Delivery(vibrato=0.6, breath=0.35, portamento=0.05),
    "rap": Delivery(reach=0.25, vibrato=0.0, portamento=0.02),
    "whispered_rap": Delivery(reach=0.2, vibrato=0.0, breath=0.5, portamento=0.02),
    "whisper": Delivery(whisper=True),
}


def check_tools() -> None:
    """Raises InputError that names the program, library or sound font that is missing, and its Debian package."""
    singing.check_program()
    sampler.library()
    for font in sampler.FONTS:
        sampler.font_path(font)


@dataclass(frozen=True)
class Score:
    """A song before it sounds: what is played, by whom."""

    name: str
    seconds: float
    style: Style
    lead: Voice
    second: Voice
    parts: list[Part]


def compose_song(catalogue: str, index: int, song_seconds: tuple[float, float], rng: np.random.Generator) -> Score:
    """Compose song `index` of a catalogue: 6 to 10 parts of all four classes.

    Styles and singers take turns, so that a small catalogue already has all of them.
    """
    seconds = rng.uniform(*song_seconds)
    styles, voices = STYLES[catalogue], VOICES[catalogue]
    style, lead = styles[index % len(styles)], voices[index % len(voices)]
    others = [voice for voice in voices if abs(voice.low - lead.low) < 8 and voice != lead] or [lead]
    second = others[rng.integers(len(others))]
    parts = arrangement.arrange(composer.draw_plan(style, seconds, rng), lead, rng)
    return Score(f"{catalogue}_{index:03d}_{style.name}", seconds, style, lead, second, parts)


def song_generator(catalogue: str, index: int) -> np.random.Generator:
    """The random generator of a song, from its catalogue and index alone."""
    return np.random.default_rng([CATALOGUES.index(catalogue), index])


def render_song(catalogue: str, index: int, song_seconds: tuple[float, float], rate: int) -> Song:
    """Compose and render song `index` of a catalogue ("clean", "test" or "noisy"), of a length in `song_seconds`.

    It follows from the arguments alone, in any process and order. 6 to 10 sources at `rate` Hz, all four classes; the
    sum of any of them lies within ±CEILING. Raises InputError where a tool or sound font is missing.
    """
    rng = song_generator(catalogue, index)
    score = compose_song(catalogue, index, song_seconds, rng)
    frames = round(score.seconds * rate)
    band = _Band(score, FONTS[catalogue], frames, rate, rng)
    balance = {cls: rng.normal(0, 1.5) for cls in CLASSES}
    sources = []
    for part, own in zip(score.parts, rng.spawn(len(score.parts)), strict=True):
        audio = band.play(part, own)
        centred = part.cls == "bass" or part.role in CENTRED
        pan = own.normal(0, 0.05) if centred else own.uniform(-0.7, 0.7)
        width = own.uniform(0.3, 1.2) * (0.3 if part.cls == "bass" else 1)
        level = LEVELS[part.role] + balance[part.cls] + own.normal(0, 2)
        sources.append(Source(part.name, part.cls, place(audio, level, pan, width)))
    return Song(score.name, _master(sources, rate, rng))


class _Band:
    """A song's players: its sound fonts, its kit (sampled, or a drum machine), its singers and their words."""

    def __init__(self, score: Score, fonts: tuple[str, str], frames: int, rate: int, rng: np.random.Generator):
        self.score, self.fonts, self.frames, self.rate = score, fonts, frames, rate
        programs = KITS[str(rng.choice(score.style.kits))]
        self.kit_font = fonts[int(rng.random() < 0.25)]
        self.kit = int(rng.choice(programs)) if programs else None
        self.machine = ElectronicKit(rate, rng.spawn(1)[0])
        self.delivery = DELIVERIES[str(rng.choice(score.style.deliveries))]
        self.words = _lyrics(score.lead, rng)

    def play(self, part: Part, rng: np.random.Generator) -> np.ndarray:
        """Audio of one part, of shape (2, frames), through its chain of effects."""
        if part.cls == "vocals":
            return treat(self._sing(part, rng), "vocal", self.rate, rng)
        if part.cls == "drums":
            return treat(self._drum(part), "drums", self.rate, rng)
        instrument = BASSES[part.player] if part.cls == "bass" else INSTRUMENTS[part.player]
        return treat(self._perform(part, instrument, rng), instrument.chain, self.rate, rng)

    def _drum(self, part: Part) -> np.ndarray:
        if self.kit is None:
            return self.machine.play(list(part.notes), self.frames)
        return sampler.play(self.kit_font, self.kit, list(part.notes), self.frames, self.rate, drums=True)

    def _perform(self, part: Part, instrument: Instrument, rng: np.random.Generator) -> np.ndarray:
        notes = list(part.notes)
        if instrument.patch and (not instrument.programs or rng.random() < 0.7):
            return synthesise(draw_patch(instrument.patch, rng), notes, self.frames, self.rate, rng)
        font, program = self.fonts[int(rng.random() < 0.3)], int(rng.choice(instrument.programs))
        audio = sampler.play(font, program, notes, self.frames, self.rate)
        if part.role == "riff" and rng.random() < 0.7:  # doubled: a take on each side
            again = sampler.play(font, program, composer.humanise(notes, 0.008, rng), self.frames, self.rate)
            audio = np.stack([audio.mean(axis=0), again.mean(axis=0)])
        return audio

    def _sing(self, part: Part, rng: np.random.Generator) -> np.ndarray:
        lead = self.score.lead
        voice = lead if part.role in ("lead_vocal", "double_vocal") else self.score.second
        words, delivery = self.words, self.delivery
        if part.role == "backing_vocal":
            words, delivery = [str(rng.choice(OPEN_SYLLABLES))], DELIVERIES["breathy"]
        elif voice.language != lead.language:
            words = _lyrics(voice, rng)
        takes = 2 if part.role == "double_vocal" else 1
        sung = []
        for _ in range(takes):
            notes = composer.humanise(list(part.notes), 0.012 * (takes - 1), rng)
            sung.append(singing.sing(voice, notes, words, self.frames / self.rate, delivery, rng))
        audio = np.stack([sung[0], sung[-1]])
        audio = resample(audio, singing.RATE, self.rate)
        return np.pad(audio, ((0, 0), (0, max(0, self.frames - audio.shape[1]))))[:, : self.frames]


def _lyrics(voice: Voice, rng: np.random.Generator) -> list[str]:
    lines = LINES[voice.language]
    return [word for k in rng.permutation(len(lines))[:2] for word in lines[k].split()]


def _master(sources: list[Source], rate: int, rng: np.random.Generator) -> tuple[Source, ...]:
    """Bring the mixture to a level, and ride one gain for all sources so that no sum of any of them exceeds CEILING."""
    high_pass = butter(2, LOWEST, "highpass", fs=rate, output="sos")
    audio = sosfilt(high_pass, np.stack([source.audio for source in sources])).astype(np.float32)
    fade = round(0.03 * rate)
    audio[:, :, :fade] *= np.linspace(0, 1, fade, dtype=np.float32)
    audio[:, :, -fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    mixture = audio.sum(axis=0)
    level = 10 ** (rng.uniform(*MIX_LEVEL) / 20) / np.sqrt(np.mean(np.square(mixture, dtype=np.float64)))
    largest = level * largest_sums(audio).max(axis=0)
    window = 2 * round(0.02 * rate) + 1
    target = np.minimum(1, 0.999 * CEILING / np.maximum(largest, 1e-9))
    gain = (level * uniform_filter1d(minimum_filter1d(target, window), window)).astype(np.float32)
    return tuple(
        Source(source.name, source.cls, _gate(part * gain, rate)) for source, part in zip(sources, audio, strict=True)
    )


def _gate(audio: np.ndarray, rate: int) -> np.ndarray:
    """Make rests digital silence, as on a recorder's track: samples with nothing above RESTS near them become zero."""
    loudest = maximum_filter1d(np.abs(audio).max(axis=0), 2 * round(0.05 * rate) + 1)
    return np.where(loudest < RESTS, np.float32(0), audio)
