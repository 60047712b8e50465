"""The embedded data set: a rendered multitrack song from the name of its catalogue and its index alone."""

from dataclasses import dataclass
from math import gcd

import numpy as np
from scipy.ndimage import minimum_filter1d, uniform_filter1d
from scipy.signal import resample_poly

from stages.stems import CLASSES, arrangement, composer, sampler, singing
from stages.stems.arrangement import Part
from stages.stems.effects import place, treat
from stages.stems.instruments import BASSES, FONTS, INSTRUMENTS, KITS, LEVELS, Instrument
from stages.stems.singing import Delivery
from stages.stems.styles import STYLES
from stages.stems.synthesis import ElectronicKit, draw_patch, synthesise
from stages.stems.voices import LINES, OPEN_SYLLABLES, VOICES, Voice

CATALOGUES = ("clean", "test", "noisy")
CEILING = 0.95  # no sum of any of a song's sources exceeds it
MIX_LEVEL = (-18.5, -14.0)  # dBFS RMS of a mixture before its gain is ridden
DELIVERIES = {
    "sung": Delivery(),
    "belted": Delivery(vibrato=1.2, portamento=0.02),
    "breathy": Delivery(vibrato=0.6, breath=0.35, portamento=0.05),
    "rap": Delivery(reach=0.25, vibrato=0.0, portamento=0.02),
    "whispered_rap": Delivery(reach=0.2, vibrato=0.0, breath=0.5, portamento=0.02),
    "whisper": Delivery(whisper=True),
}


@dataclass(frozen=True)
class Source:
    """One recorded part: a name fit for a file, its class, float32 audio of shape (2, frames)."""

    name: str
    cls: str
    audio: np.ndarray


@dataclass(frozen=True)
class Song:
    """A song's sources, all of one length."""

    name: str
    sources: tuple[Source, ...]


def check_tools() -> None:
    """Raises InputError that names the program, library or sound font that is missing, and its Debian package."""
    singing.check_program()
    sampler.library()
    for font in sampler.FONTS:
        sampler.font_path(font)


def render_song(catalogue: str, index: int, song_seconds: tuple[float, float], rate: int) -> Song:
    """Compose and render song `index` of a catalogue ("clean", "test" or "noisy"), its length drawn from `song_seconds`.

    It follows from the arguments alone, in any process and order. 6 to 10 sources at `rate` Hz, all four classes; the sum of any of
    them lies within ±CEILING. Raises InputError where a tool or sound font is missing.
    """
    rng = np.random.default_rng([CATALOGUES.index(catalogue), index])
    frames = round(rng.uniform(*song_seconds) * rate)
    # Styles and singers take turns, so that a small catalogue already has all of them.
    styles, voices = STYLES[catalogue], VOICES[catalogue]
    style, lead = styles[index % len(styles)], voices[index % len(voices)]
    others = [voice for voice in voices if abs(voice.low - lead.low) < 8 and voice != lead] or [lead]
    second = others[rng.integers(len(others))]
    plan = composer.draw_plan(style, frames / rate, rng)
    parts = arrangement.arrange(plan, lead, rng)
    fonts, kit = FONTS[catalogue], _Kit(str(rng.choice(style.kits)), FONTS[catalogue], rate, rng)
    delivery = DELIVERIES[str(rng.choice(style.deliveries))]
    balance = {cls: rng.normal(0, 1.5) for cls in CLASSES}
    words = _lyrics(lead, rng)
    sources = []
    for part, own in zip(parts, rng.spawn(len(parts))):
        if part.cls == "vocals":
            audio = _vocal(part, lead, second, words, delivery, frames, rate, own)
            audio = treat(audio, "vocal", rate, own)
        elif part.cls == "drums":
            audio = treat(kit.play(part, frames), "drums", rate, own)
        else:
            instrument = BASSES[part.player] if part.cls == "bass" else INSTRUMENTS[part.player]
            audio = treat(_perform(part, instrument, fonts, frames, rate, own), instrument.chain, rate, own)
        centred = part.cls == "bass" or part.role in ("lead_vocal", "double_vocal", "kick", "snare", "kick_snare", "drum_kit", "riff")
        pan, width = own.normal(0, 0.05) if centred else own.uniform(-0.7, 0.7), own.uniform(0.3, 1.2) * (0.3 if part.cls == "bass" else 1)
        level = LEVELS[part.role] + balance[part.cls] + own.normal(0, 2)
        sources.append(Source(part.name, part.cls, place(audio, level, pan, width)))
    return Song(f"{catalogue}_{index:03d}_{style.name}", _master(sources, rate, rng))


class _Kit:
    """A song's drum kit: sampled, or a drum machine of its own."""

    def __init__(self, name: str, fonts: tuple[str, str], rate: int, rng: np.random.Generator):
        self.rate, programs = rate, KITS[name]
        self.font = fonts[int(rng.random() < 0.25)]
        self.program = int(rng.choice(programs)) if programs else None
        self.machine = ElectronicKit(rate, rng.spawn(1)[0])

    def play(self, part: Part, frames: int) -> np.ndarray:
        if self.program is None:
            return self.machine.play(list(part.notes), frames)
        return sampler.play(self.font, self.program, list(part.notes), frames, self.rate, drums=True)


def _perform(part: Part, instrument: Instrument, fonts: tuple[str, str], frames: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    notes = list(part.notes)
    if instrument.patch and (not instrument.programs or rng.random() < 0.7):
        return synthesise(draw_patch(instrument.patch, rng), notes, frames, rate, rng)
    font, program = fonts[int(rng.random() < 0.3)], int(rng.choice(instrument.programs))
    audio = sampler.play(font, program, notes, frames, rate)
    if part.role == "riff" and rng.random() < 0.7:  # doubled: a take on each side
        again = sampler.play(font, program, composer.humanise(notes, 0.008, rng), frames, rate)
        audio = np.stack([audio.mean(axis=0), again.mean(axis=0)])
    return audio


def _lyrics(voice: Voice, rng: np.random.Generator) -> list[str]:
    lines = LINES[voice.language]
    return [word for k in rng.permutation(len(lines))[:2] for word in lines[k].split()]


def _vocal(part: Part, lead: Voice, second: Voice, words: list[str], delivery: Delivery, frames: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    voice = lead if part.role in ("lead_vocal", "double_vocal") else second
    if part.role == "backing_vocal":
        words, delivery = [str(rng.choice(OPEN_SYLLABLES))], DELIVERIES["breathy"]
    elif voice.language != lead.language:
        words = _lyrics(voice, rng)
    takes = 2 if part.role == "double_vocal" else 1
    audio = [singing.sing(voice, composer.humanise(list(part.notes), 0.012 * (takes - 1), rng), words, frames / rate, delivery, rng) for _ in range(takes)]
    sung = np.stack([audio[0], audio[-1]])
    if rate != singing.RATE:
        common = gcd(rate, singing.RATE)
        sung = resample_poly(sung, rate // common, singing.RATE // common, axis=1)
    return np.pad(sung, ((0, 0), (0, max(0, frames - sung.shape[1]))))[:, :frames]


def _master(sources: list[Source], rate: int, rng: np.random.Generator) -> tuple[Source, ...]:
    """Bring the mixture to a level, and ride one gain for all sources so that no sum of any of them exceeds CEILING.

    At a sample, the largest sum of a subset is that of the positive or of the negative values: half of the sum of absolute
    values and the absolute sum.
    """
    audio = np.stack([source.audio for source in sources]).astype(np.float32)
    audio -= audio.mean(axis=2, keepdims=True)
    fade = round(0.03 * rate)
    audio[:, :, :fade] *= np.linspace(0, 1, fade, dtype=np.float32)
    audio[:, :, -fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    mixture = audio.sum(axis=0)
    level = 10 ** (rng.uniform(*MIX_LEVEL) / 20) / np.sqrt(np.mean(np.square(mixture, dtype=np.float64)))
    largest = level * (np.abs(audio).sum(axis=0) + np.abs(mixture)).max(axis=0) / 2
    window = 2 * round(0.02 * rate) + 1
    target = np.minimum(1, 0.999 * CEILING / np.maximum(largest, 1e-9))
    gain = (level * uniform_filter1d(minimum_filter1d(target, window), window)).astype(np.float32)
    return tuple(Source(source.name, source.cls, part * gain) for source, part in zip(sources, audio))
