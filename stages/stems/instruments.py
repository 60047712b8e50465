"""The instruments: what plays each one, where it sounds, and how it is treated and mixed, as data."""

from dataclasses import dataclass

FONTS = {"clean": ("fluid", "csound"), "test": ("fluid", "csound"), "noisy": ("musescore", "tim")}


@dataclass(frozen=True)
class Instrument:
    """Played by one of the General MIDI programs, or by a synthesiser patch of a kind. `centre` is the MIDI pitch of its chords."""

    programs: tuple[int, ...]
    chain: str
    centre: int = 62
    patch: str = ""


INSTRUMENTS = {
    "piano": Instrument((0, 1), "keys", 62), "house_piano": Instrument((1, 2), "keys", 66), "honky_tonk": Instrument((3,), "keys", 64),
    "electric_piano": Instrument((4, 5), "keys", 62), "clavinet": Instrument((7,), "keys", 60), "harpsichord": Instrument((6,), "keys", 64),
    "celesta": Instrument((8, 10, 9), "keys", 76), "vibraphone": Instrument((11,), "keys", 66), "marimba": Instrument((12, 13), "keys", 64),
    "organ": Instrument((16, 17, 18), "organ", 62), "accordion": Instrument((21, 23), "acoustic", 64), "harmonica": Instrument((22,), "acoustic", 68),
    "melodica": Instrument((22, 21), "acoustic", 70), "nylon_guitar": Instrument((24,), "acoustic", 57), "acoustic_guitar": Instrument((25,), "acoustic", 57),
    "twelve_string": Instrument((25,), "chorused", 60), "jazz_guitar": Instrument((26,), "acoustic", 58), "clean_guitar": Instrument((27, 26), "chorused", 60),
    "wah_guitar": Instrument((28, 27), "wah", 62), "crunch_guitar": Instrument((27, 29, 25), "crunch", 55), "driven_guitar": Instrument((30, 29, 27), "distorted", 50),
    "lead_guitar": Instrument((29, 30, 27), "lead_guitar", 66), "banjo": Instrument((105,), "acoustic", 62), "mandolin": Instrument((25, 106), "acoustic", 68),
    "harp": Instrument((46,), "acoustic", 66), "violin": Instrument((40,), "acoustic", 72), "fiddle": Instrument((110, 40), "acoustic", 71), "cello": Instrument((42,), "acoustic", 55),
    "strings": Instrument((48, 49, 44), "hall", 62), "synth_strings": Instrument((50, 51), "hall", 62), "trumpet": Instrument((56,), "acoustic", 70), "trombone": Instrument((57,), "acoustic", 58),
    "muted_trumpet": Instrument((59,), "acoustic", 70), "horns": Instrument((60,), "hall", 58), "brass": Instrument((61, 56), "acoustic", 64), "synth_brass": Instrument((62, 63), "synth", 62),
    "saxes": Instrument((66, 67, 65), "acoustic", 60), "sax": Instrument((64, 65, 66), "acoustic", 66), "oboe": Instrument((68,), "acoustic", 72), "clarinet": Instrument((71,), "acoustic", 68),
    "flute": Instrument((73, 75), "hall", 76), "whistle": Instrument((74, 72), "acoustic", 78), "synth_lead": Instrument((80, 81), "synth", 70, "lead"),
    "pluck": Instrument((), "synth", 66, "pluck"), "pad": Instrument((), "hall", 62, "pad"), "warm_pad": Instrument((89, 90, 95), "hall", 60, "pad"),
}
BASSES = {
    "acoustic": Instrument((32,), "bass"), "finger": Instrument((33,), "bass"), "pick": Instrument((34,), "bass"), "fretless": Instrument((35,), "bass"),
    "slap": Instrument((36, 37), "bass"), "driven": Instrument((34, 33), "driven_bass"), "nylon_bass": Instrument((32, 33), "bass"), "synth_bass": Instrument((38, 39), "bass"),
    "sub": Instrument((), "bass", patch="sub"), "analogue": Instrument((), "bass", patch="analogue"), "reese": Instrument((), "driven_bass", patch="reese"),
}
KITS = {  # General MIDI kits; an empty tuple is the drum machine of synthesis.py
    "acoustic": (0,), "room": (8,), "power": (16,), "jazz": (32,), "brush": (40,), "machine": (24, 25), "analogue_kit": (),
}

# Drum letters of the patterns: source, General MIDI key, velocity.
DRUMS = {
    "k": ("kick", 36, 100), "s": ("snare", 38, 98), "g": ("snare", 38, 42), "r": ("snare", 37, 90), "c": ("snare", 39, 98), "h": ("hats", 42, 88), "l": ("hats", 42, 55),
    "o": ("hats", 46, 88), "p": ("hats", 44, 80), "d": ("cymbals", 51, 85), "b": ("cymbals", 53, 90), "z": ("cymbals", 49, 100), "t": ("percussion", 54, 80),
    "m": ("percussion", 70, 85), "w": ("percussion", 56, 75), "n": ("percussion", 63, 88), "u": ("percussion", 64, 88), "v": ("percussion", 75, 80),
    "y": ("percussion", 60, 85), "x": ("percussion", 61, 85), "f": ("toms", 47, 100),
}
# How a kit is recorded: each row is one song's drum sources, each the parts that share a track.
DRUM_LAYOUTS = (
    {"kick": ("kick",), "snare": ("snare",), "hats": ("hats",), "cymbals_toms": ("cymbals", "toms")},
    {"kick": ("kick",), "snare": ("snare",), "overheads": ("hats", "cymbals", "toms")},
    {"kick": ("kick",), "snare": ("snare", "toms"), "hats": ("hats", "cymbals"), "percussion": ("percussion",)},
    {"drum_kit": ("kick", "snare", "hats", "cymbals", "toms"), "percussion": ("percussion",)},
    {"kick_snare": ("kick", "snare"), "hats": ("hats", "cymbals", "toms"), "percussion": ("percussion",)},
)
LEVELS = {  # dB of RMS while sounding, before the song's own scale
    "kick": -17, "snare": -18, "hats": -27, "cymbals_toms": -24, "overheads": -22, "percussion": -24, "drum_kit": -15, "kick_snare": -15, "bass": -17, "second_bass": -23,
    "lead_vocal": -16, "double_vocal": -22, "harmony_vocal": -22, "backing_vocal": -22, "riff": -17, "chords": -19, "pad": -22, "arpeggio": -20, "lead": -18, "stabs": -19,
}
