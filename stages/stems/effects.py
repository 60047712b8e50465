"""Treatment of a source as on a mixing desk: effects by kind of instrument, tone, room, level and place."""

import numpy as np
import pedalboard as pb


def treat(audio: np.ndarray, chain: str, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Send a source (2, frames) through the effects of a chain, with settings drawn at random; RMS about 0.1."""
    audio = _to_level(audio, 0.1)
    board = pb.Pedalboard([*_chain(chain, rng), *_tone(rng), *_room(chain, rng)])
    return board(audio.astype(np.float32), rate, reset=True)


def place(audio: np.ndarray, level_db: float, pan: float, width: float) -> np.ndarray:
    """Set the level while sounding (dB RMS), the pan (-1 left to 1 right, constant power) and the width (0 is mono)."""
    middle, side = audio.mean(axis=0), width * (audio[0] - audio[1]) / 2
    angle = (pan + 1) * np.pi / 4
    audio = np.sqrt(2) * np.stack([np.cos(angle) * (middle + side), np.sin(angle) * (middle - side)])
    return _to_level(audio, 10 ** (level_db / 20))


def _to_level(audio: np.ndarray, level: float) -> np.ndarray:
    """Scale to an RMS over the 50-ms windows that sound, so that rests do not count."""
    power = np.square(audio, dtype=np.float64).mean(axis=0)
    windows = np.add.reduceat(power, np.arange(0, len(power), 1024)) / 1024
    sounding = windows[windows > 1e-3 * windows.max()] if windows.max() > 1e-12 else np.array([np.inf])
    return audio * (level / np.sqrt(sounding.mean()))


def _chain(chain: str, rng: np.random.Generator) -> list:
    uniform = rng.uniform
    if chain == "vocal":
        return [
            pb.HighpassFilter(uniform(70, 160)),
            pb.Compressor(uniform(-26, -18), uniform(2, 6), uniform(2, 15), uniform(60, 200)),
            pb.HighShelfFilter(uniform(2500, 5000), uniform(2, 9)),
        ]
    if chain == "bass":
        return [
            pb.Compressor(uniform(-26, -18), uniform(2, 5), 8, 120),
            pb.LowShelfFilter(110, uniform(0, 5)),
            pb.LowpassFilter(uniform(2500, 9000)),
        ]
    if chain == "driven_bass":
        return [
            pb.Distortion(uniform(8, 22)),
            pb.LowpassFilter(uniform(2000, 5000)),
            pb.LowShelfFilter(120, uniform(2, 7)),
        ]
    if chain == "drums":
        return [pb.Compressor(uniform(-20, -10), uniform(1.5, 5), uniform(3, 20), uniform(50, 150))]
    if chain in ("crunch", "distorted", "lead_guitar"):
        drive = {"crunch": (10, 24), "distorted": (26, 42), "lead_guitar": (16, 36)}[chain]
        cabinet = [
            pb.HighpassFilter(uniform(60, 110)),
            pb.Distortion(uniform(*drive)),
            pb.PeakFilter(uniform(1500, 3000), uniform(0, 6), 0.8),
            pb.LowpassFilter(uniform(3800, 6000)),
            pb.LowpassFilter(6500),
        ]
        return cabinet + (
            [pb.Delay(uniform(0.2, 0.45), uniform(0.1, 0.4), uniform(0.1, 0.3))] if chain == "lead_guitar" else []
        )
    if chain == "wah":
        return [pb.Phaser(uniform(0.3, 2), uniform(0.4, 0.9), uniform(600, 1500), 0.3, 0.6), pb.HighpassFilter(150)]
    if chain == "chorused":
        return [
            pb.Compressor(-22, uniform(2, 4), 5, 100),
            pb.Chorus(uniform(0.5, 1.5), uniform(0.1, 0.4), 7, 0.0, uniform(0.1, 0.5)),
        ]
    if chain == "organ":
        return [pb.Chorus(uniform(0.8, 6.5), uniform(0.1, 0.35), 6, 0.0, uniform(0.2, 0.5))] + (
            [pb.Distortion(uniform(4, 16))] if rng.random() < 0.3 else []
        )
    if chain == "synth" and rng.random() < 0.5:
        return [pb.Delay(uniform(0.15, 0.4), uniform(0.1, 0.4), uniform(0.1, 0.35))]
    return [pb.Compressor(uniform(-22, -14), uniform(1.2, 3), 10, 120)] if chain in ("keys", "acoustic") else []


def _tone(rng: np.random.Generator) -> list:
    return [
        pb.LowShelfFilter(rng.uniform(120, 350), rng.uniform(-4, 3)),
        pb.PeakFilter(np.exp(rng.uniform(np.log(350), np.log(4500))), rng.uniform(-5, 5), rng.uniform(0.5, 1.5)),
        pb.HighShelfFilter(rng.uniform(3000, 7000), rng.uniform(-5, 5)),
    ]


def _room(chain: str, rng: np.random.Generator) -> list:
    low, high = {
        "bass": (0.0, 0.03),
        "driven_bass": (0.0, 0.04),
        "hall": (0.1, 0.4),
        "vocal": (0.03, 0.28),
        "drums": (0.0, 0.15),
    }.get(chain, (0.02, 0.2))
    wet = rng.uniform(low, high)
    room = pb.Reverb(
        room_size=rng.uniform(0.1, 0.85),
        damping=rng.uniform(0.2, 0.8),
        wet_level=wet,
        dry_level=1 - wet,
        width=rng.uniform(0.5, 1),
    )
    echo = (
        [pb.Delay(rng.uniform(0.12, 0.4), rng.uniform(0.05, 0.35), rng.uniform(0.05, 0.2))]
        if chain == "vocal" and rng.random() < 0.3
        else []
    )
    return [*echo, room]
