"""Arranging: which parts a song has, in which sections each one plays, and what notes it plays there."""

from dataclasses import dataclass

import numpy as np

from stages.stems import CLASSES, composer
from stages.stems.composer import Plan, Section
from stages.stems.instruments import DRUM_LAYOUTS, INSTRUMENTS
from stages.stems.sampler import Note
from stages.stems.voices import Voice

# Classes that may sound in the sections where the band is not complete; one row is drawn for each such section.
BANDS = {
    "intro": (
        ("other",),
        ("other", "drums"),
        ("bass", "drums"),
        ("bass", "other"),
        ("vocals", "other"),
        ("drums",),
        ("bass", "drums", "other"),
    ),
    "outro": (("other",), ("vocals", "other"), ("bass", "drums", "other"), ("drums", "other")),
    "break": (
        ("vocals", "other"),
        ("vocals", "drums"),
        ("vocals", "bass", "drums"),
        ("vocals",),
        ("bass", "drums"),
        ("vocals", "bass"),
        ("drums",),
    ),
    "solo": (("bass", "drums", "other"),),
    "verse": (*7 * (CLASSES,), ("vocals", "bass", "other"), ("vocals", "drums", "other"), ("vocals", "bass", "drums")),
}
VOCAL_LAYOUTS = ((), ("harmony",), ("backing",), ("double",), ("harmony", "backing"), ("double", "backing"))


@dataclass(frozen=True)
class Part:
    """One source before it sounds: how it is played and mixed (`role`), and on what (`player`, of bass and other)."""

    name: str
    cls: str
    role: str
    player: str
    notes: tuple[Note, ...]


def arrange(plan: Plan, lead: Voice, rng: np.random.Generator) -> list[Part]:
    """Draw 6 to 10 parts and compose them. `lead` sings: the melody lies in its range."""
    style = plan.style
    while True:
        singers = ("lead", *VOCAL_LAYOUTS[rng.integers(len(VOCAL_LAYOUTS))])
        layout = DRUM_LAYOUTS[rng.integers(len(DRUM_LAYOUTS))]
        basses = 1 + int(rng.random() < 0.2)
        others = [style.other[0]] + [
            style.other[k] for k in sorted(1 + rng.permutation(len(style.other) - 1)[: rng.integers(1, 4)])
        ]
        if 6 <= len(singers) + len(layout) + basses + len(others) <= 10:
            break
    bands = [BANDS[s.kind][rng.integers(len(BANDS[s.kind]))] if s.kind in BANDS else CLASSES for s in plan.sections]
    parts = _sing(plan, singers, lead, bands, rng)
    parts += [_bass(plan, k, bands, rng) for k in range(basses)]
    parts += _drums(plan, layout, bands, rng)
    names: dict[str, int] = {}
    for k, (role, players) in enumerate(others):
        player = str(rng.choice(players.split()))
        names[player] = names.get(player, 0) + 1
        name = player if names[player] == 1 else f"{player}_{names[player]}"
        parts.append(
            _other(plan, role, name, player, _playing(plan, "other", bands, 1.0 if k == 0 else 0.65, rng), rng)
        )
    return parts


def _playing(plan: Plan, cls: str, bands: list, chance: float, rng: np.random.Generator) -> list[Section]:
    """The sections a part plays in: where its class may sound, by chance; nearly always in the chorus."""
    able = [section for section, band in zip(plan.sections, bands) if cls in band]
    playing = [s for s in able if rng.random() < (max(chance, 0.9) if s.kind in ("chorus", "solo") else chance)]
    return playing or [max(able, key=lambda s: (s.kind in ("verse", "chorus"), s.bars))]


def _sing(plan: Plan, singers: tuple[str, ...], voice: Voice, bands: list, rng: np.random.Generator) -> list[Part]:
    cells = composer.draw_cells(plan, plan.style.density * rng.uniform(0.85, 1.15), rng)
    low = voice.low + int(rng.integers(0, 5))
    tune = [
        n
        for s in _playing(plan, "vocals", bands, 1.0, rng)
        for n in composer.melody(plan, cells, s, low, min(voice.high, low + 15), rng)
    ]
    tune = [note for note, after in zip(tune, [*tune[1:], None]) if after is None or after.start - note.start > 0.04]
    looseness = 0.02 * rng.random()
    parts = []
    for singer in singers:
        sections = _playing(plan, "vocals", bands, 0.3, rng)
        spans = [(plan.time(s.bar * plan.steps), plan.time((s.bar + s.bars) * plan.steps)) for s in sections]
        share = tune if singer == "lead" else [n for n in tune if any(a <= n.start < b for a, b in spans)] or tune
        if singer == "harmony":
            share = composer.harmonise(plan, share, int(rng.choice([2, -2, -3, 2])))
        if singer == "backing":
            centre = voice.low + 9
            share = [n for s in sections for n in composer.chords(plan, "x" + "-" * (plan.steps - 1), s, centre, 0.0)]
            share = [note for note in share if note.pitch == min(m.pitch for m in share if m.start == note.start)]
        parts.append(
            Part(f"{singer}_vocal", "vocals", f"{singer}_vocal", "", tuple(composer.humanise(share, looseness, rng)))
        )
    return parts


def _bass(plan: Plan, number: int, bands: list, rng: np.random.Generator) -> Part:
    style = plan.style
    if number == 0:
        player, sections, low = (
            str(rng.choice(style.basses)),
            _playing(plan, "bass", bands, 1.0, rng),
            int(rng.integers(28, 33)),
        )
    else:  # a second bass doubles an octave away, in the chorus first
        player, sections, low = (
            str(rng.choice(["sub", "analogue", "synth_bass"])),
            _playing(plan, "bass", bands, 0.4, rng),
            int(rng.integers(33, 40)),
        )
    pattern = style.bass[rng.integers(len(style.bass))]
    notes = [note for section in sections for note in composer.bass(plan, pattern, section, low)]
    name = f"{player}_bass" if not player.endswith("bass") else player
    role = "bass" if number == 0 else "second_bass"
    return Part(
        name if number == 0 else f"{name}_2",
        "bass",
        role,
        player,
        tuple(composer.humanise(notes, rng.uniform(0.002, 0.012), rng)),
    )


def _drums(plan: Plan, layout: dict, bands: list, rng: np.random.Generator) -> list[Part]:
    style = plan.style
    machine = rng.random() < 0.5 and bool({"machine", "analogue_kit"} & set(style.kits))
    parts = []
    grooves = {}  # verse and chorus have a groove each
    for kind in ("verse", "chorus"):
        grooves[kind] = {
            part: patterns[rng.integers(len(patterns))]
            for part, patterns in (
                ("kick", style.kick),
                ("snare", style.snare),
                ("hats", style.hats),
                ("cymbals", style.cymbals),
                ("percussion", style.percussion),
            )
        }
    riding = rng.random() < 0.35  # the chorus on the ride, or only crashes
    for name, voices in layout.items():
        notes = []
        for section in _playing(plan, "drums", bands, 0.75 if name == "percussion" else 1.0, rng):
            groove = dict(grooves["chorus" if section.kind in ("chorus", "solo") else "verse"])
            if not (riding and section.kind == "chorus") and style.name != "swing":
                del groove["cymbals"]
            for voice in voices:
                notes += composer.drums(plan, groove, section, voice, rng)
        looseness = 0.001 if machine else rng.uniform(0.003, 0.010)
        parts.append(Part(name, "drums", name, "", tuple(composer.humanise(notes, looseness, rng))))
    return parts


def _other(plan: Plan, role: str, name: str, player: str, sections: list[Section], rng: np.random.Generator) -> Part:
    style, instrument = plan.style, INSTRUMENTS[player]
    centre = instrument.centre + int(rng.integers(-3, 4))
    pattern = style.chords[rng.integers(len(style.chords))]
    strum = (
        rng.uniform(0.006, 0.022)
        if "guitar" in player or player in ("mandolin", "banjo", "twelve_string", "harp")
        else 0.0
    )
    shape, every = (
        str(rng.choice(["up", "down", "both", "wide"])),
        int(rng.choice([1, 2, 2])) * (2 if style.grid == 8 else 1),
    )
    if plan.step * every < 0.09:
        every *= 2
    cells = composer.draw_cells(plan, rng.uniform(0.7, 1.5), rng)
    stab = "".join(
        c if c == "." else "X" if rng.random() < 0.5 else "." for c in pattern.replace("-", ".").replace("m", ".")
    )
    stab = stab if "X" in stab else "X" + "-" * (plan.style.grid - 1) + "." * (plan.steps - plan.style.grid)
    notes: list[Note] = []
    for section in sections:
        if role == "riff":
            notes += composer.chords(plan, pattern, section, centre, 0.004, power=True)
        elif role == "chords":
            notes += composer.chords(plan, pattern, section, centre, strum)
        elif role == "stabs":
            notes += composer.chords(plan, stab, section, centre, 0.0)
        elif role == "pad":
            notes += composer.chords(plan, "x" + "-" * (plan.steps - 1), section, centre, 0.0)
        elif role == "arpeggio":
            notes += composer.arpeggio(plan, section, centre, shape, every)
        else:
            notes += composer.melody(plan, cells, section, centre - 7, centre + 8, rng)
    return Part(name, "other", role, player, tuple(composer.humanise(notes, rng.uniform(0.003, 0.014), rng)))
