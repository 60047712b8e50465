"""Composing: a song's plan (key, tempo, sections, chords) and the notes of every part, drawn by seeded rules."""

import re
from dataclasses import dataclass

import numpy as np

from stages.stems.instruments import DRUMS
from stages.stems.sampler import Note
from stages.stems.styles import Style

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "harmonic": (0, 2, 3, 5, 7, 8, 11),
    "blues": (0, 3, 5, 6, 7, 10),
}
NUMERALS = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}
FORMS = (  # section and relative length; verse and chorus have the whole band
    (("intro", 1), ("verse", 3), ("chorus", 3)),
    (("verse", 3), ("chorus", 3), ("break", 1), ("chorus", 2)),
    (("intro", 1), ("verse", 3), ("break", 1), ("chorus", 3)),
    (("verse", 2), ("chorus", 2), ("solo", 1.3), ("chorus", 2)),
    (("chorus", 2), ("verse", 3), ("chorus", 2), ("outro", 1)),
    (("intro", 1), ("verse", 2), ("chorus", 2), ("solo", 1), ("chorus", 2)),
    (("chorus", 2), ("break", 1), ("verse", 3)),
    (("verse", 2), ("chorus", 3)),
)
MOVES = (-2, -1, -1, 0, 0, 1, 1, 2, 3, -3)  # steps of the scale from one note of a melody to the next
MOVE_CHANCES = (0.1, 0.2, 0.1, 0.12, 0.08, 0.2, 0.1, 0.06, 0.02, 0.02)


@dataclass(frozen=True)
class Section:
    kind: str  # intro, verse, chorus, solo, break, outro
    bar: int
    bars: int


@dataclass(frozen=True)
class Chord:
    root: int  # pitch class
    tones: tuple[int, ...]  # pitch classes, root first


@dataclass(frozen=True)
class Plan:
    """The frame that all parts share. Positions are in steps from the song's first bar."""

    style: Style
    step: float  # seconds
    tonic: int
    scale: tuple[int, ...]
    chords: tuple[Chord, ...]  # one a bar
    sections: tuple[Section, ...]
    swing: float

    @property
    def steps(self) -> int:
        return self.style.beats * self.style.grid

    def time(self, position: float) -> float:
        """Seconds of a position; odd steps come late by the swing."""
        return self.step * (position + (self.swing if int(position) % 2 else 0.0))

    def chord(self, position: float) -> Chord:
        return self.chords[min(int(position // self.steps), len(self.chords) - 1)]


def draw_plan(style: Style, seconds: float, rng: np.random.Generator) -> Plan:
    """Draw tempo, key, chords and sections for a song of this many seconds."""
    step = 60 / rng.uniform(*style.tempo) / style.grid
    bars = max(2, int(np.ceil(seconds / (step * style.beats * style.grid))))
    forms = [form for form in FORMS if len(form) <= bars]
    form = forms[rng.integers(len(forms))]
    lengths = [length for _, length in form]
    edges = np.round(np.cumsum([0, *lengths]) / sum(lengths) * bars).astype(int)
    edges = np.maximum.accumulate(np.maximum(edges, np.arange(len(edges))))
    edges[-1] = bars
    sections = tuple(Section(kind, int(a), int(b - a)) for (kind, _), a, b in zip(form, edges, edges[1:]) if b > a)
    tonic = int(rng.integers(12))
    scale, chords = style.harmony[rng.integers(len(style.harmony))]
    verse = [parse_chord(name, tonic) for name in chords.split()]
    same = [c for s, c in style.harmony if s == scale]
    chorus = [parse_chord(name, tonic) for name in same[rng.integers(len(same))].split()]
    line = []
    for section in sections:
        cycle = chorus if section.kind == "chorus" else verse
        line += [cycle[bar % len(cycle)] for bar in range(section.bars)]
    swing = style.swing * rng.uniform(0.5, 1.5)
    return Plan(style, step, tonic, SCALES[scale], tuple(line), sections, swing)


def parse_chord(name: str, tonic: int) -> Chord:
    """A chord from its roman numeral: capitals are major; b lowers the root; 7, maj7 and m7b5 add the seventh."""
    flat, numeral, kind = re.fullmatch(r"(b?)([iIvV]+)(|7|maj7|m7b5)", name).groups()
    root = (tonic + NUMERALS[numeral.lower()] - len(flat)) % 12
    intervals = (0, 4, 7) if numeral.isupper() else (0, 3, 7)
    if kind:
        intervals = (0, 3, 6, 10) if kind == "m7b5" else (*intervals, 11 if kind == "maj7" else 10)
    return Chord(root, tuple((root + interval) % 12 for interval in intervals))


def humanise(notes: list[Note], looseness: float, rng: np.random.Generator) -> list[Note]:
    """A player's timing (seconds of spread, and a habit of being early or late) and touch."""
    habit = rng.normal(0, 0.5 * looseness)
    return [
        Note(
            max(0.0, n.start + habit + rng.normal(0, looseness)),
            n.length,
            n.pitch,
            int(np.clip(n.velocity + rng.normal(0, 6), 20, 124)),
        )
        for n in notes
    ]


def drums(plan: Plan, patterns: dict[str, str], section: Section, part: str, rng: np.random.Generator) -> list[Note]:
    """One part of the kit (kick, snare, hats, cymbals, toms or percussion) in a section, fills and crashes included."""
    letters = []
    for bar in range(section.bar, section.bar + section.bars):
        last = bar == section.bar + section.bars - 1 and section.bars > 1
        fill = plan.steps - plan.style.grid if last else plan.steps
        if part in patterns:
            letters += [
                (bar * plan.steps + s, c)
                for s, c in enumerate(patterns[part])
                if c != "." and (s < fill or part in ("kick", "percussion"))
            ]
        if part == "toms" and last:
            letters += [(bar * plan.steps + s, "f") for s in range(fill, plan.steps) if rng.random() < 0.8]
        if part == "snare" and last:
            letters += [(bar * plan.steps + s, "s") for s in range(fill, plan.steps) if rng.random() < 0.35]
        if part == "cymbals" and bar == section.bar and section.kind in ("chorus", "verse"):
            letters.append((bar * plan.steps, "z"))
    notes = []
    for position, letter in letters:
        _, key, velocity = DRUMS[letter.lower()]
        if part == "toms":
            key = (50, 48, 47, 45, 43)[min(4, int(position % plan.style.grid * 5 / plan.style.grid))]
        accent = 18 if letter.isupper() else 0
        notes.append(Note(plan.time(position), 0.1 if part != "cymbals" else 1.0, key, min(124, velocity + accent)))
    return notes


def bass(plan: Plan, pattern: str, section: Section, low: int) -> list[Note]:
    """A bass line from a pattern of chord degrees, at or above the pitch `low`."""
    notes = []
    for bar in range(section.bar, section.bar + section.bars):
        for first, last, letter in _held(pattern):
            position = bar * plan.steps + first
            chord = plan.chord(position)
            root = low + (chord.root - low) % 12
            following = low + (plan.chord((bar + 1) * plan.steps).root - low) % 12
            third = (chord.tones[1] - chord.root) % 12
            pitch = {
                "1": root,
                "3": root + third,
                "5": root + 7,
                "7": root + 10,
                "8": root + 12,
                "a": following - 1 if following > low else following + 1,
            }[letter]
            end = bar * plan.steps + last
            notes.append(
                Note(
                    plan.time(position),
                    0.95 * (plan.time(end) - plan.time(position)),
                    pitch,
                    102 if first % plan.style.grid == 0 else 90,
                )
            )
    return notes


def chords(plan: Plan, pattern: str, section: Section, centre: int, strum: float, power: bool = False) -> list[Note]:
    """Chords in a rhythm, voiced round a pitch; `strum` seconds between strings; `power`: root, fifth and octave."""
    notes = []
    for bar in range(section.bar, section.bar + section.bars):
        for index, (first, last, letter) in enumerate(_held(pattern)):
            position, end = bar * plan.steps + first, bar * plan.steps + last
            chord = plan.chord(position)
            if power:
                root = centre - 10 + (chord.root - centre + 10) % 12
                pitches = [root, root + 7, root + 12]
            else:
                pitches = sorted(centre - 6 + (tone - centre + 6) % 12 for tone in chord.tones)
                if strum:  # guitars double the lowest tone
                    pitches.append(pitches[0] + 12)
            length = 0.07 if letter == "m" else 0.93 * (plan.time(end) - plan.time(position))
            velocity = {"X": 112, "m": 60}.get(letter, 92 if first % plan.style.grid == 0 else 82)
            order = pitches if index % 2 == 0 else pitches[::-1]
            notes += [
                Note(plan.time(position) + strum * k, max(0.05, length - strum * k), pitch, velocity)
                for k, pitch in enumerate(order)
            ]
    return notes


def _held(pattern: str) -> list[tuple[int, int, str]]:
    """The notes of a pattern: first step, the step where it ends, and its letter."""
    return [(m.start(), m.end(), m.group()[0]) for m in re.finditer(r"[^.\-]-*", pattern)]


def arpeggio(plan: Plan, section: Section, centre: int, shape: str, every: int) -> list[Note]:
    """Broken chords: a tone every so many steps, going up, down, up and down, or over wide steps."""
    notes = []
    for index, position in enumerate(range(section.bar * plan.steps, (section.bar + section.bars) * plan.steps, every)):
        tones = sorted(centre - 6 + (tone - centre + 6) % 12 for tone in plan.chord(position).tones)
        tones = [*tones, tones[0] + 12]
        order = {
            "up": tones,
            "down": tones[::-1],
            "both": tones + tones[-2:0:-1],
            "wide": [tones[0], tones[2], tones[1], tones[-1]],
        }[shape]
        pitch = order[index % len(order)]
        notes.append(
            Note(plan.time(position), 0.9 * every * plan.step, pitch, 96 if position % plan.style.grid == 0 else 80)
        )
    return notes


def draw_cells(plan: Plan, density: float, rng: np.random.Generator) -> list[list[tuple[float, float, int]]]:
    """Three two-bar phrases that a melody repeats: (first step, length in steps, move in steps of the scale)."""
    cells = []
    grid = plan.style.grid
    choices, weights = {
        3: ((1, 2, 3, 4, 6), (0.25, 0.2, 0.35, 0.1, 0.1)),
        4: ((1, 2, 3, 4, 6, 8), (0.06, 0.4, 0.14, 0.26, 0.08, 0.06)),
        8: ((1, 2, 4, 6, 8, 12), (0.05, 0.4, 0.3, 0.1, 0.1, 0.05)),
    }[grid]
    weights = np.array(weights) * np.array(choices, float) ** -(density - 1)
    # No more than about seven notes a second, no less than a note a second.
    fits = np.array([c * plan.step / min(1.0, 1 / density) >= 0.13 and c * plan.step < 1.2 / density for c in choices])
    weights = np.where(fits, weights, 0.0) if fits.any() else weights
    for _ in range(3):
        total = 2 * plan.steps
        end, position = total * rng.uniform(0.62, 0.9), float(rng.choice([0, 0, grid // 2, grid]))
        cell = []
        while position < end:
            length = float(rng.choice(choices, p=weights / weights.sum()))
            cell.append((position, length, int(rng.choice(MOVES, p=MOVE_CHANCES))))
            position += length
        first, _, move = cell[-1]  # the last note is held into the rest
        cell[-1] = (first, float(min(total - first - 0.5, rng.uniform(1, 2.5) * grid)), move)
        cells.append(cell)
    return cells


def melody(plan: Plan, cells: list, section: Section, low: int, high: int, rng: np.random.Generator) -> list[Note]:
    """A melody over a section: two-bar phrases, chord tones on strong beats, held within a range."""
    ladder = [p for p in range(low, high + 1) if (p - plan.tonic) % 12 in plan.scale]
    lift = 0.15 if section.kind == "chorus" else 0.0
    here = int(len(ladder) * (rng.uniform(0.35, 0.55) + lift))
    notes = []
    start, stop = section.bar * plan.steps, (section.bar + section.bars) * plan.steps
    for phrase, opening in enumerate(range(start, stop, 2 * plan.steps)):
        cell = cells[(0, 1, 0, 2)[phrase % 4]]
        if phrase and section.kind == "verse" and rng.random() < 0.12:
            continue  # a singer rests, too
        for first, length, move in cell:
            position = opening + first
            if position >= stop:
                break
            here += move
            here = -here if here < 0 else 2 * (len(ladder) - 1) - here if here >= len(ladder) else here
            here = int(np.clip(here, 0, len(ladder) - 1))
            pitch = ladder[here]
            if first % plan.style.grid == 0 or (first, length, move) == cell[-1]:
                tones = [p for p in range(low, high + 1) if p % 12 in plan.chord(position).tones]
                pitch = min(tones, key=lambda p: (abs(p - pitch), p))
            time = plan.time(position)
            end = plan.time(min(position + length, stop))
            if end - time > 0.05:
                notes.append(Note(time, 0.94 * (end - time), pitch, 100 if first % plan.style.grid == 0 else 90))
    return notes


def harmonise(plan: Plan, notes: list[Note], steps: int) -> list[Note]:
    """A second voice so many steps of the scale above (or below) a melody."""
    ladder = [p for p in range(24, 100) if (p - plan.tonic) % 12 in plan.scale]
    return [
        note._replace(pitch=ladder[int(np.argmin(np.abs(np.array(ladder) - note.pitch))) + steps]) for note in notes
    ]
