"""Synthesised instruments: oscillators and filters for basses, leads and pads, and an electronic drum kit."""

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfilt

from stages.stems.sampler import Note


@dataclass(frozen=True)
class Patch:
    """A synthesiser sound. Detune in semitones between the voices; times in seconds; cut-offs in Hz."""

    wave: str  # saw, square, sine, triangle
    voices: int
    detune: float
    attack: float
    decay: float  # of the filter and of the level towards `sustain`
    sustain: float
    release: float
    dark: float  # cut-off that a note falls to
    bright: float  # cut-off that it starts with
    sub: float  # level of a sine one octave lower
    glide: float  # time to reach the pitch from the note before, 0 for none


def draw_patch(kind: str, rng: np.random.Generator) -> Patch:
    """A random sound of a kind: sub, analogue or reese (basses), lead, pluck or pad."""

    def between(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    wave = str(rng.choice(["saw", "square", "saw", "triangle"]))
    if kind == "sub":
        return Patch(
            wave=str(rng.choice(["sine", "triangle"])), voices=1, detune=0.0, attack=between(0.003, 0.03),
            decay=between(0.3, 2), sustain=rng.uniform(0.5, 1.0), release=between(0.03, 0.2),
            dark=between(150, 500), bright=between(300, 2500), sub=0.0, glide=between(0.01, 0.08),
        )  # fmt: skip
    if kind == "analogue":
        return Patch(
            wave=wave, voices=int(rng.integers(1, 3)), detune=between(0.05, 0.2), attack=0.004,
            decay=between(0.08, 0.5), sustain=rng.uniform(0.2, 0.9), release=between(0.03, 0.12),
            dark=between(150, 700), bright=between(800, 5000), sub=rng.uniform(0, 0.8), glide=rng.choice([0.0, 0.04]),
        )  # fmt: skip
    if kind == "reese":
        return Patch(
            wave="saw", voices=3, detune=between(0.15, 0.5), attack=0.01,
            decay=between(0.5, 2), sustain=0.9, release=0.1,
            dark=between(250, 700), bright=between(700, 2500), sub=0.6, glide=0.03,
        )  # fmt: skip
    if kind == "lead":
        return Patch(
            wave=wave, voices=int(rng.integers(1, 5)), detune=between(0.05, 0.3), attack=between(0.004, 0.04),
            decay=between(0.2, 1), sustain=rng.uniform(0.5, 1), release=between(0.05, 0.3),
            dark=between(900, 3000), bright=between(2500, 9000), sub=0.0, glide=rng.choice([0.0, 0.03, 0.08]),
        )  # fmt: skip
    if kind == "pluck":
        return Patch(
            wave=wave, voices=int(rng.integers(1, 4)), detune=between(0.05, 0.2), attack=0.003,
            decay=between(0.08, 0.35), sustain=rng.uniform(0, 0.25), release=between(0.05, 0.3),
            dark=between(300, 1000), bright=between(2000, 9000), sub=0.0, glide=0.0,
        )  # fmt: skip
    return Patch(
        wave=wave, voices=int(rng.integers(3, 6)), detune=between(0.08, 0.3), attack=between(0.15, 0.8),
        decay=between(0.8, 2), sustain=rng.uniform(0.6, 1), release=between(0.4, 1.2),
        dark=between(500, 1500), bright=between(1000, 5000), sub=rng.uniform(0, 0.4), glide=0.0,
    )  # fmt: skip


def synthesise(patch: Patch, notes: list[Note], frames: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Play notes with a patch: float32 of shape (2, frames). Detuned voices lie left and right."""
    bright, dark = np.zeros((2, frames)), np.zeros((2, frames))
    before = None
    for note in sorted(notes):
        first = max(0, round(note.start * rate))
        count = min(frames - first, round((note.length + 4 * patch.release) * rate))
        if count <= 0:
            continue
        time = np.arange(count) / rate
        pitch = np.full(count, float(note.pitch))
        if patch.glide and before is not None:
            pitch += np.clip(before - note.pitch, -12, 12) * np.exp(-time / patch.glide)
        before = note.pitch
        closing = np.exp(-time / patch.decay)
        level = np.minimum(1, time / patch.attack) * (patch.sustain + (1 - patch.sustain) * closing)
        level *= np.exp(-np.maximum(0, time - note.length) / patch.release) * (note.velocity / 100) ** 1.5
        tone = np.zeros((2, count))
        for voice in range(patch.voices):
            offset = patch.detune * (voice - (patch.voices - 1) / 2)
            frequency = 440 * 2 ** ((pitch + offset - 69) / 12)
            phase = rng.random() + np.cumsum(frequency) / rate
            side = 0.5 if patch.voices == 1 else 0.15 + 0.7 * voice / (patch.voices - 1)
            tone += np.array([[1 - side], [side]]) * oscillator(patch.wave, phase % 1, frequency / rate)
        tone /= np.sqrt(patch.voices)
        if patch.sub:
            tone += 0.5 * patch.sub * np.sin(np.pi * np.cumsum(440 * 2 ** ((pitch - 69) / 12)) / rate)
        part = slice(first, first + count)
        bright[:, part] += tone * level * closing
        dark[:, part] += tone * level * (1 - closing)
    # A note's filter closes: it fades from the signal filtered high to the one filtered low.
    audio = _low_pass(bright, patch.bright, rate) + _low_pass(dark, patch.dark, rate)
    return audio.astype(np.float32)


def oscillator(wave: str, phase: np.ndarray, step: np.ndarray) -> np.ndarray:
    """A wave from its phase in cycles (0 to 1) and its step in cycles a sample; jumps smoothed (PolyBLEP)."""
    if wave == "sine":
        return np.sin(2 * np.pi * phase)
    if wave == "triangle":
        return 1 - 4 * np.abs(phase - 0.5)
    saw = 2 * phase - 1 - _jump(phase, step)
    if wave == "saw":
        return saw
    half = (phase + 0.5) % 1
    return saw - (2 * half - 1 - _jump(half, step))


def _jump(phase: np.ndarray, step: np.ndarray) -> np.ndarray:
    after, ahead = phase / step, (phase - 1) / step
    return np.where(after < 1, 2 * after - after**2 - 1, np.where(ahead > -1, ahead**2 + 2 * ahead + 1, 0))


def _low_pass(audio: np.ndarray, cut: float, rate: int) -> np.ndarray:
    return sosfilt(butter(2, min(cut, 0.45 * rate), fs=rate, output="sos"), audio, axis=-1)


class ElectronicKit:
    """A drum machine with a random character. Plays General MIDI drum keys."""

    def __init__(self, rate: int, rng: np.random.Generator):
        self.rate, self.rng = rate, rng
        self.kick_pitch, self.kick_sweep = rng.uniform(42, 62), rng.uniform(2, 7)
        self.kick_fall, self.kick_decay = rng.uniform(0.015, 0.05), np.exp(rng.uniform(np.log(0.08), np.log(0.5)))
        self.snare_pitch, self.snare_decay, self.snare_noise = (
            rng.uniform(150, 240),
            rng.uniform(0.05, 0.2),
            rng.uniform(0.4, 0.9),
        )
        self.hat_band, self.hat_decay = rng.uniform(5000, 8000), rng.uniform(0.02, 0.06)
        self.metal = rng.uniform(0, 0.8)
        self.drive = rng.uniform(0.5, 3)
        self._sounds: dict[int, np.ndarray] = {}

    def play(self, notes: list[Note], frames: int) -> np.ndarray:
        """Notes as float32 of shape (2, frames), both channels the same."""
        audio = np.zeros(frames)
        for note in notes:
            if note.pitch not in self._sounds:
                self._sounds[note.pitch] = self._sound(note.pitch)
            sound, first = self._sounds[note.pitch], max(0, round(note.start * self.rate))
            count = min(len(sound), frames - first)
            if count > 0:
                audio[first : first + count] += sound[:count] * (note.velocity / 110) ** 1.5
        return np.repeat(audio[None], 2, axis=0).astype(np.float32)

    def _sound(self, key: int) -> np.ndarray:
        if key in (35, 36):
            return self._swept(self.kick_pitch, self.kick_sweep, self.kick_fall, self.kick_decay, 0.15)
        if key in (38, 40):
            body = self._swept(self.snare_pitch, 0.6, 0.02, self.snare_decay * 0.7, 0.0)
            return (1 - self.snare_noise) * body + self.snare_noise * self._noise(1200, self.snare_decay, len(body))
        if key == 39:
            claps = self._noise(900, 0.12, self.rate // 2)
            time = np.arange(len(claps)) / self.rate
            return claps * np.where(time < 0.03, 1 - (time % 0.01) / 0.012, 1)
        if key in (37, 75, 76, 77, 56):  # rim, clave, blocks, cowbell
            return 0.6 * self._swept(
                {37: 900, 75: 2400, 56: 560}.get(key, 1600), 0.1, 0.005, 0.05 if key != 56 else 0.15, 0.3
            )
        if key in (41, 43, 45, 47, 48, 50, 60, 61, 62, 63, 64):  # toms, bongos and congas
            pitch = {41: 70, 43: 80, 45: 95, 47: 120, 48: 140, 50: 160, 60: 400, 61: 300, 62: 340, 63: 320, 64: 220}[
                key
            ]
            return self._swept(pitch, 0.8, 0.04, 0.2 if key < 60 else 0.1, 0.05)
        decay = {46: 0.25, 49: 0.9, 57: 0.9, 51: 0.4, 53: 0.4, 54: 0.08, 70: 0.05, 82: 0.05}.get(key, self.hat_decay)
        noise = self._noise(
            self.hat_band * (0.6 if key in (49, 57) else 1), decay, int(min(1.5, 6 * decay) * self.rate)
        )
        time = np.arange(len(noise)) / self.rate
        ring = sum(np.sign(np.sin(2 * np.pi * f * time)) for f in (2051.0, 3066.0, 4111.0, 5423.0, 6243.0)) / 5
        ring = sosfilt(butter(2, 0.6 * self.hat_band, "highpass", fs=self.rate, output="sos"), ring) * np.exp(
            -time / decay
        )
        return 0.5 * ((1 - self.metal) * noise + self.metal * ring)

    def _swept(self, pitch: float, sweep: float, fall: float, decay: float, click: float) -> np.ndarray:
        time = np.arange(int(min(1.5, 7 * decay) * self.rate)) / self.rate
        phase = np.cumsum(pitch * (1 + sweep * np.exp(-time / fall))) / self.rate
        tone = np.sin(2 * np.pi * phase) * np.exp(-time / decay)
        tone[: int(0.003 * self.rate)] += click * self.rng.standard_normal(int(0.003 * self.rate))
        return np.tanh(self.drive * tone) / np.tanh(self.drive)

    def _noise(self, high_pass: float, decay: float, count: int) -> np.ndarray:
        noise = self.rng.standard_normal(count) * np.exp(-np.arange(count) / self.rate / decay)
        return sosfilt(butter(2, high_pass, "highpass", fs=self.rate, output="sos"), noise)
