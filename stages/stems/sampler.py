"""Sampled instruments: notes played by libfluidsynth from a General MIDI sound font.

The library is called in-process, without its reverb, chorus and threads: a 24-second part takes about 0.1 s, where the
command-line program would read the whole font for each one.
"""

import ctypes
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stages.pipeline.errors import InputError

LIBRARY = "libfluidsynth.so.3"
FONT_FOLDER = Path("/usr/share/sounds/sf2")
FONTS = {  # font: (file, Debian package)
    "fluid": ("FluidR3_GM.sf2", "fluid-soundfont-gm"),
    "csound": ("sf_GMbank.sf2", "csound-soundfont"),
    "tim": ("TimGM6mb.sf2", "timgm6mb-soundfont"),
    "musescore": ("MuseScore_General_Full.sf2", "musescore-general-soundfont-lossless"),
}
BLOCK = 64  # frames; fluidsynth starts notes at multiples of this


class Note(NamedTuple):
    """A note: start and length in seconds, MIDI pitch (or General MIDI drum key), velocity 1 to 127."""

    start: float
    length: float
    pitch: int
    velocity: int


def font_path(font: str) -> Path:
    """Where a sound font lies. Raises InputError that names the file and its Debian package where it is missing."""
    file, package = FONTS[font]
    path = FONT_FOLDER / file
    if not path.is_file():
        raise InputError(f"sound font {path} is missing: install the Debian package {package}")
    return path


def library() -> ctypes.CDLL:
    """libfluidsynth. Raises InputError that names its Debian package where it is missing."""
    try:
        fluid = ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise InputError(f"fluidsynth ({LIBRARY}) is missing: install the Debian package fluidsynth") from error
    for function in (fluid.new_fluid_settings, fluid.new_fluid_synth, fluid.fluid_synth_get_sfont_by_id):
        function.restype = ctypes.c_void_p
    return fluid


def _synthesiser(fluid: ctypes.CDLL, rate: int) -> tuple[ctypes.c_void_p, ctypes.c_void_p]:
    """New settings and a new synthesiser without a sound font."""
    settings = ctypes.c_void_p(fluid.new_fluid_settings())
    fluid.fluid_settings_setnum(settings, b"synth.sample-rate", ctypes.c_double(rate))
    fluid.fluid_settings_setnum(settings, b"synth.gain", ctypes.c_double(0.5))
    for key, value in {"reverb.active": 0, "chorus.active": 0, "dynamic-sample-loading": 1, "polyphony": 256}.items():
        fluid.fluid_settings_setint(settings, f"synth.{key}".encode(), value)
    return settings, ctypes.c_void_p(fluid.new_fluid_synth(settings))


@cache
def _font(font: str) -> tuple[ctypes.CDLL, ctypes.c_void_p]:
    """A sound font, opened once in a process; it loads the samples of an instrument when that is first played."""
    path, fluid = font_path(font), library()
    for level in range(5):
        fluid.fluid_set_log_function(level, None, None)
    _, owner = _synthesiser(fluid, 44100)
    number = fluid.fluid_synth_sfload(owner, str(path).encode(), 0)
    if number < 0:
        raise InputError(f"{path}: expected a readable sound font")
    return fluid, ctypes.c_void_p(fluid.fluid_synth_get_sfont_by_id(owner, number))


def play(font: str, program: int, notes: list[Note], frames: int, rate: int, drums: bool = False) -> np.ndarray:
    """Play notes with a General MIDI program (or drum kit) of a font: float32 of shape (2, frames)."""
    fluid, samples = _font(font)
    # Even after a reset a synthesiser keeps traces of what it played: each part has a new one, which borrows the font.
    settings, synthesiser = _synthesiser(fluid, rate)
    fluid.fluid_synth_add_sfont(synthesiser, samples)
    channel = 9 if drums else 0
    fluid.fluid_synth_bank_select(synthesiser, channel, 128 if drums else 0)
    if fluid.fluid_synth_program_change(synthesiser, channel, program) != 0:
        raise InputError(f"{font_path(font)}: expected a {'drum kit' if drums else 'program'} {program}")
    events = []  # (block, 0 for off and 1 for on, pitch, velocity): offs come before ons in the same block
    for note in notes:
        first = max(0, round(note.start * rate / BLOCK))
        last = max(first + 1, round((note.start + note.length) * rate / BLOCK))
        events += [(first, 1, note.pitch, note.velocity), (last, 0, note.pitch, 0)]
    blocks = -(-frames // BLOCK)
    audio = np.zeros((blocks * BLOCK, 2), np.float32)
    now = 0
    for block, on, pitch, velocity in [*sorted(e for e in events if e[0] < blocks), (blocks, 0, 0, 0)]:
        if block > now:
            out = audio[now * BLOCK :].ctypes.data_as(ctypes.c_void_p)
            fluid.fluid_synth_write_float(synthesiser, (block - now) * BLOCK, out, 0, 2, out, 1, 2)
            now = block
        if on:
            fluid.fluid_synth_noteon(synthesiser, channel, pitch, velocity)
        elif block < blocks:
            fluid.fluid_synth_noteoff(synthesiser, channel, pitch)
    fluid.fluid_synth_unset_program(synthesiser, channel)
    fluid.fluid_synth_remove_sfont(synthesiser, samples)
    fluid.delete_fluid_synth(synthesiser)
    fluid.delete_fluid_settings(settings)
    return np.ascontiguousarray(audio[:frames].T)
