"""The styles that songs are composed in: tempo, metre, harmony, patterns and line-up, as data.

Patterns have one character a step and one bar a string; `.` is a rest, `-` holds the note before, capitals are accents.
Drums: k kick · s snare, g ghost note, r rim, c clap · h closed hat, l soft hat, o open hat, p pedal · d ride, b bell ·
t tambourine, m shaker, w cowbell, n/u high/low conga, y/x high/low bongo, v claves. Bass: 1 root, 3 third, 5 fifth, 7 seventh,
8 octave, a a step below the next chord's root. Chords: x strum, m muted.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """`grid` steps a beat; `swing` is the delay of every odd step as a share of a step; `density` scales the voice's notes."""

    name: str
    tempo: tuple[float, float]
    beats: int
    grid: int
    harmony: tuple[tuple[str, str], ...]  # (scale, chords: one a bar)
    kick: tuple[str, ...]
    snare: tuple[str, ...]
    hats: tuple[str, ...]
    cymbals: tuple[str, ...]
    percussion: tuple[str, ...]
    kits: tuple[str, ...]
    bass: tuple[str, ...]
    basses: tuple[str, ...]
    chords: tuple[str, ...]
    other: tuple[tuple[str, str], ...]  # (role, instruments)
    deliveries: tuple[str, ...] = ("sung",)
    density: float = 1.0
    swing: float = 0.0


ROCK = Style(
    "rock", (100, 148), 4, 4, (("mixolydian", "I bVII IV I"), ("major", "I V vi IV"), ("minor", "i bVI bIII bVII"), ("minor", "i iv bVI V")),
    ("k.....k.k.......", "k.......k.k.....", "k...k.k.k...k...", "k..k....k.k....k"), ("....S.......S...", "....S.......S..g", "....S..g....S..."),
    ("h.h.h.h.h.h.h.h.", "H.h.H.h.H.h.H.h.", "h...h...h...h...", "o...o...o...o..."), ("d...d...d...d...", "d.d.d.d.d.d.d.d."),
    ("t.t.T.t.t.t.T.t.", "....T.......T...", "m.m.M.m.m.m.M.m."), ("acoustic", "room", "power"),
    ("1-1-1-1-1-1-1-1-", "1---..1-1---5-a-", "1-1-..1-1-1-8-5-", "1-..1-1-..1-1-a-"), ("pick", "finger", "driven"),
    ("x-----x-x---x---", "x-x-x-x-x-x-x-x-", "X---x-x-..x-x-x-", "x---------------"),
    (("riff", "driven_guitar crunch_guitar"), ("chords", "crunch_guitar clean_guitar organ"), ("lead", "lead_guitar organ"), ("pad", "organ strings"),
     ("arpeggio", "clean_guitar piano")), ("sung", "belted"))

BALLAD = Style(
    "ballad", (62, 88), 4, 4, (("major", "I V vi IV"), ("major", "I iii IV V"), ("minor", "i bVI bIII bVII"), ("major", "vi IV I V"), ("major", "I vi ii7 V")),
    ("k.........k.....", "k......k..k.....", "k.......k......."), ("....s.......s...", "........S.......", "....r.......r..."),
    ("h.l.h.l.h.l.h.l.", "h...l...h...l...", "hlllhlllhlllhlll"), ("d...d...d...d...", "z..............."),
    ("m.m.m.m.m.m.m.m.", "....t.......t..."), ("acoustic", "brush", "room", "machine"),
    ("1-------1---5---", "1-------------a-", "1-----5-8---5---"), ("finger", "fretless", "acoustic", "sub"),
    ("x-------x-------", "x---------------", "x---x---x---x---"),
    (("chords", "piano electric_piano acoustic_guitar"), ("pad", "strings warm_pad synth_strings"), ("arpeggio", "piano acoustic_guitar harp"),
     ("lead", "violin flute oboe lead_guitar cello"), ("pad", "strings horns")), ("sung", "breathy"), 0.8)

FUNK = Style(
    "funk", (94, 118), 4, 4, (("dorian", "i7 IV7"), ("dorian", "i7"), ("mixolydian", "I7 IV7 I7 V7"), ("dorian", "i7 bVII ii7 V7")),
    ("K..k..k...k..k..", "K.k.......k..k..", "K......k.kk....."), ("....S..g.g..S..g", "....S..g....S.g.", "..g.S..g.g..S..."),
    ("hhhhhhhhhhhhhhho", "h.hhh.hhh.hhh.ho", "h.h.h.h.h.h.h.o."), ("d.d.d.d.d.d.d.d.",), ("n..nu..nn.u.n.uu", "m.mmm.mmm.mmm.mm", "w...w...w...w...", "t.t.T.t.t.t.T.t."),
    ("acoustic", "room", "jazz"), ("1..1..8.1..5..7a", "1-..8..1..7.5.7.", "1.1...8...1.7.8.", "1..5.7.8..1.a..."), ("slap", "finger", "slap", "analogue"),
    ("..x...x...x..x..", "m.x.mmx.m.xmm.x.", "x...........x.x."),
    (("chords", "clavinet wah_guitar clean_guitar"), ("stabs", "brass saxes brass"), ("chords", "electric_piano organ"), ("lead", "sax trumpet synth_lead"),
     ("pad", "organ strings")), ("sung", "belted"), 1.1)

HOUSE = Style(
    "house", (118, 130), 4, 4, (("minor", "i bVI bIII bVII"), ("dorian", "i7 IV7"), ("minor", "i7 iv7 bVI v7"), ("major", "vi7 IVmaj7 I V")),
    ("K...K...K...K...", "K...K...K...K.k."), ("....C.......C...", "....c.......c..c", "....S.......S..."),
    ("..o...o...o...o.", "l.Ol.lOl.lOl.lOl", "hlOlhlOlhlOlhlOl"), ("..d...d...d...d.",), ("m.mmm.mmm.mmm.mm", "n..n..u.n..n..u.", "..w..w....w..w.."),
    ("machine", "machine", "analogue_kit"), ("..1-..1-..1-..1-", "1..1..1.1..1..8.", "..1-..8-..1-..7-", "1-------1-----8-"), ("analogue", "sub", "reese", "synth_bass"),
    ("..x...x...x...x.", "x..x..x...x..x..", "x-----------x---", ".x..x..x.x..x..x"),
    (("chords", "house_piano pluck electric_piano"), ("pad", "warm_pad synth_strings pad"), ("arpeggio", "pluck synth_lead"), ("lead", "synth_lead flute"),
     ("stabs", "pluck brass strings")), ("sung", "breathy", "sung"), 0.8)

HIP_HOP = Style(
    "hip_hop", (82, 100), 4, 4, (("minor", "i bVI"), ("minor", "i7 iv7"), ("dorian", "i7 ii7"), ("minor", "i bVII bVI V")),
    ("K..k......k..k..", "K......kK.k.....", "K.k....k..k....."), ("....S.......S...", "....S.......S..g", "....C.......C..."),
    ("h.h.h.h.h.h.h.h.", "h.hhh.h.h.hhh.h.", "h.h.h.o.h.h.hhh."), ("z...............",), ("..m...m...m...m.", "..v..v....v..v..", "t...T...t...T..."),
    ("room", "acoustic", "analogue_kit", "machine"), ("1----.1-..1-....", "1-..1---..8-....", "1---------5-1-a-"), ("sub", "finger", "acoustic", "analogue"),
    ("x-----......x-..", "x---------------", "..x-..x-....x-.."),
    (("chords", "electric_piano piano vibraphone"), ("arpeggio", "harp celesta pluck piano"), ("pad", "strings warm_pad"), ("lead", "flute muted_trumpet synth_lead"),
     ("stabs", "brass strings")), ("rap", "rap", "whispered_rap"), 1.9, 0.3)

FOLK = Style(
    "folk_waltz", (96, 150), 3, 4, (("major", "I IV I V"), ("major", "I vi IV V"), ("dorian", "i bVII i IV"), ("major", "I V vi iii IV I IV V")),
    ("k...........", "k.......k..."), ("....s...s...", "....r...r...", "....g...s..."), ("....h...h...", "h.l.h.l.h.l."), ("d...d...d...",),
    ("t...t...t...", "m.m.m.m.m.m.", "....y...y..."), ("brush", "acoustic", "jazz"), ("1-------5---", "1-----------", "1---3---5-a-"), ("acoustic", "finger", "fretless"),
    ("....x...x...", "x---x-x-x-x-", "x-----x-x---"),
    (("chords", "acoustic_guitar nylon_guitar accordion"), ("arpeggio", "acoustic_guitar banjo mandolin harp"), ("lead", "fiddle flute whistle accordion clarinet"),
     ("pad", "accordion strings cello"), ("chords", "piano mandolin")), ("sung", "breathy"), 0.9)

BOSSA = Style(
    "bossa", (116, 144), 4, 4, (("major", "Imaj7 ii7 V7 Imaj7"), ("major", "Imaj7 VI7 ii7 V7"), ("minor", "i7 iv7 iim7b5 V7"), ("major", "IVmaj7 iv7 iii7 VI7")),
    ("k.....k.k.....k.",), ("r.....r.....r...", "r.....r...r....."), ("h.h.h.h.h.h.h.h.", "hlhlhlhlhlhlhlhl"), ("d.d.d.d.d.d.d.d.",),
    ("m.mmm.mmm.mmm.mm", "v.....v...v.....", "n.uun.u.n.uun.u."), ("jazz", "brush", "acoustic"), ("1-----5-5-----1-", "1-----5-8---5-a-"), ("acoustic", "nylon_bass", "fretless"),
    ("x.....x.....x...", "x---x..x--x-....", "..x-..x-..x-.x-."),
    (("chords", "nylon_guitar"), ("chords", "electric_piano piano vibraphone"), ("lead", "flute sax clarinet muted_trumpet"), ("pad", "strings"), ("arpeggio", "nylon_guitar marimba")),
    ("breathy", "sung"), 0.9)

SOUL = Style(
    "soul", (54, 72), 4, 3, (("major", "I vi ii7 V7"), ("major", "I I7 IV iv"), ("mixolydian", "I7 IV7 I7 V7"), ("major", "I iii7 IV V7")),
    ("k....kk.....", "k.....k....k", "k..k..k....k"), ("...S.....S..", "...S.....S.g"), ("hhhhhhhhhhhh", "h.hh.hh.hh.h", "HllHllHllHll"), ("dddddddddddd", "d..d..d..d.."),
    ("t..T..t..T..", "mmmmmmmmmmmm"), ("acoustic", "room", "jazz"), ("1--1-35--5-3", "1----51--a--", "1-----8--5--"), ("finger", "acoustic", "fretless"),
    ("x--x--x--x--", "xxxxxxxxxxxx", "...x.....x.."),
    (("chords", "organ electric_piano piano"), ("chords", "clean_guitar"), ("stabs", "brass saxes"), ("lead", "sax trumpet lead_guitar"), ("pad", "strings organ")),
    ("belted", "sung"), 0.9)

PUNK = Style(
    "pop_punk", (156, 190), 4, 4, (("major", "I V vi IV"), ("major", "I IV V V"), ("minor", "i bVI bIII bVII")),
    ("k.....k.k.......", "k..kk...k..kk...", "k...k...k...k..."), ("....S.......S...", "..S...S...S...S."), ("H.H.H.H.H.H.H.H.", "O...O...O...O..."), ("D...D...D...D...", "z.......z......."),
    ("t...t...t...t...",), ("power", "room", "acoustic"), ("1-1-1-1-1-1-1-1-", "1-1-1-1-1-1-5-a-"), ("pick", "driven"), ("x-x-x-x-x-x-x-x-", "X--X--X-X--X--X-"),
    (("riff", "driven_guitar"), ("chords", "driven_guitar crunch_guitar"), ("lead", "lead_guitar synth_lead"), ("arpeggio", "clean_guitar"), ("pad", "organ synth_strings")),
    ("belted", "sung"), 0.7)

METAL = Style(
    "metal", (120, 180), 4, 4, (("minor", "i bVI bVII i"), ("phrygian", "i bII i bVII"), ("harmonic", "i iv V i"), ("minor", "i i bIII bII")),
    ("kkkkkkkkkkkkkkkk", "k.kkk.kkk.kkk.kk", "k..kk..kk..kk...", "k.k.k.k.k.k.k.k."), ("....S.......S...", "........S.......", "..S...S...S...S."), ("H...H...H...H...", "O...O...O...O..."),
    ("z...D...D...D...", "B...B...B...B...", "z.......z......."), ("w...w...w...w...",), ("power", "room"), ("1.111.111.111.11", "1-1-1-1-1-1-1-1-", "1--1--1-1--1--1-"), ("driven", "pick"),
    ("X.xxX.xxX.xxX.xx", "x---------------", "X--X--X-X--X--X-"),
    (("riff", "driven_guitar"), ("riff", "driven_guitar crunch_guitar"), ("lead", "lead_guitar"), ("pad", "strings synth_strings"), ("arpeggio", "clean_guitar synth_lead")),
    ("belted", "rap"), 0.8)

BLUES = Style(
    "blues", (58, 110), 4, 3, (("blues", "I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7"), ("blues", "i7 i7 iv7 i7 V7 iv7 i7 V7"), ("blues", "I7 IV7 I7 V7")),
    ("k.....k.....", "k..k..k..k..", "k....kk....."), ("...S.....S..", "...S.g...S.g"), ("h.hh.hh.hh.h", "h..h..h..h.."), ("d.dd.dd.dd.d",), ("t..T..t..T..",), ("acoustic", "brush", "room"),
    ("1--3--5--3--", "1.11.15.57.7", "1-1-3-5-7-5-"[:12], "1--8--7--5--"), ("acoustic", "finger", "pick"), ("x.xx.xx.xx.x", "...x.....x..", "x--..x......"),
    (("chords", "crunch_guitar clean_guitar"), ("chords", "piano organ honky_tonk"), ("lead", "lead_guitar harmonica sax"), ("stabs", "saxes brass"), ("pad", "organ")), ("belted", "sung"), 0.8)

REGGAE = Style(
    "reggae", (68, 88), 4, 4, (("minor", "i bVII"), ("major", "I IV V IV"), ("dorian", "i7 IV"), ("major", "I ii I IV")),
    ("........K.......", "K.......K.......", "K...K...K...K..."), ("........R.......", "........S.......", "....r..r....r..."), ("h.l.h.l.h.l.h.l.", "..h...h...h...h.", "h.lhh.lhh.lhh.lh"), ("z...............",),
    ("n..u..n...nu..n.", "m.m.m.m.m.m.m.m.", "v..v..v...v....."), ("acoustic", "room", "machine"), ("1-..1-3-5-......", "....1-1-8-5-3-..", "1---..5-..8-7-5-"), ("finger", "sub", "fretless"),
    ("....x.......x...", "..x...x...x...x.", "....xx......xx.."),
    (("chords", "clean_guitar"), ("chords", "organ piano"), ("stabs", "brass trombone"), ("lead", "melodica sax organ"), ("pad", "organ synth_strings")), ("sung", "breathy"), 1.0, 0.15)

SWING = Style(
    "swing", (120, 190), 4, 3, (("major", "Imaj7 vi7 ii7 V7"), ("major", "ii7 V7 Imaj7 Imaj7"), ("minor", "i7 iv7 iim7b5 V7"), ("major", "Imaj7 I7 IVmaj7 iv7")),
    ("k..k..k..k..", "k...........", "k.....k....k"), ("........g...", "..g.....g..s", "...r........"), ("...p.....p..",), ("d..D.dd..D.d",), ("...y.....y..",), ("jazz", "brush"),
    ("1--3--5--a--", "1--5--3--a--", "1--1-35--a--"), ("acoustic",), ("x....x......", "...x....x...", "x..x..x..x.."),
    (("chords", "piano"), ("chords", "jazz_guitar vibraphone"), ("lead", "sax trumpet clarinet trombone"), ("stabs", "brass saxes"), ("pad", "strings saxes")), ("sung",), 0.8)

DRUM_AND_BASS = Style(
    "drum_and_bass", (164, 178), 4, 4, (("minor", "i i bVI bVII"), ("minor", "i7 i7 iv7 iv7"), ("dorian", "i7 i7 bVII IV")),
    ("K.........k.....", "K..k......k.....", "K.k.......k....."), ("....S.......S...", "....S..g.g..S..g", "....S..g.g..S..."), ("h.h.h.h.h.h.h.h.", "hlhlhlhlhlhlhlhl", "h.hlh.hlh.hlh.hl"), ("d...d...d...d...",),
    ("m.m.m.m.m.m.m.m.", "n..n..n.u..n..u.", "y.xxy.x.y.xxy.x."), ("analogue_kit", "machine", "acoustic"), ("1---------------", "1-----1---8-----", "1--1--..1-..7---"), ("reese", "sub", "analogue"),
    ("x---------------", "x--x--x---------", "......x-......x-"),
    (("pad", "pad warm_pad synth_strings"), ("arpeggio", "pluck celesta piano"), ("chords", "electric_piano house_piano"), ("lead", "synth_lead flute"), ("stabs", "strings pluck")),
    ("breathy", "sung", "rap"), 0.6)

SYNTHPOP = Style(
    "synthpop", (104, 132), 4, 4, (("minor", "i bVI bIII bVII"), ("major", "I V vi IV"), ("minor", "i bVII bVI bVII"), ("major", "IV I V vi")),
    ("K...K...K...K...", "K.......K.k.....", "K..k....K......."), ("....S.......S...", "....C.......C...", "....S.......S.s."), ("h.h.h.h.h.h.h.h.", "..o...o...o...o.", "hlhlhlhlhlhlhlhl"), ("z...............",),
    ("..t...t...t...t.", "w..w..w.........", "m.mmm.mmm.mmm.mm"), ("analogue_kit", "machine"), ("1.1.1.1.1.1.1.1.", "1.8.1.8.1.8.1.8.", "1-..1-1-..1-8-5-"), ("synth_bass", "analogue", "analogue"),
    ("x-----x-----x---", "..x...x...x...x.", "x---------------"),
    (("pad", "pad synth_strings warm_pad"), ("arpeggio", "pluck synth_lead"), ("lead", "synth_lead sax"), ("chords", "pluck synth_brass clean_guitar"), ("stabs", "synth_brass")), ("sung", "breathy"), 0.9)

COUNTRY = Style(
    "country", (96, 132), 4, 4, (("major", "I IV V I"), ("major", "I V IV I"), ("mixolydian", "I bVII IV I"), ("major", "I I IV V")),
    ("k.......k.......", "k.....k.k......."), ("....S.......S...", "..g.S.g...g.S.g.", "....r.......r..."), ("h.h.h.h.h.h.h.h.", "..h...h...h...h."), ("d.d.d.d.d.d.d.d.",),
    ("m.m.m.m.m.m.m.m.", "t...T...t...T..."), ("acoustic", "brush", "room"), ("1-------5-------", "1---..5-5---..a-", "1-------5---3-a-"), ("finger", "acoustic", "pick"),
    ("....x.......x...", "x---x-x-x---x-x-", "x-x-x-x-x-x-x-x-"),
    (("chords", "acoustic_guitar twelve_string"), ("arpeggio", "banjo mandolin acoustic_guitar"), ("lead", "fiddle harmonica lead_guitar"), ("chords", "clean_guitar honky_tonk piano"), ("pad", "organ strings")),
    ("sung", "belted"), 1.0, 0.1)

DISCO = Style(
    "disco", (110, 126), 4, 4, (("minor", "i7 iv7 bVII bIII"), ("dorian", "i7 IV7"), ("minor", "i bVI bVII v7"), ("major", "Imaj7 vi7 ii7 V7")),
    ("K...K...K...K...",), ("....S.......S...", "....C.......C...", "....S..g....S..g"), ("h.o.h.o.h.o.h.o.", "hlohhlohhlohhloh"), ("..d...d...d...d.",), ("n..nu..nn..nu.u.", "t.T.t.T.t.T.t.T.", "w...w...w...w.w."),
    ("room", "acoustic", "machine"), ("1.8.1.8.1.8.1.8.", "1..11.8.1..1a.8.", "1-..8-1-..8-5-7-"), ("finger", "slap", "synth_bass"), ("m.xmm.xmm.xmm.xm", "..x...x...x...x.", "x.....x.....x..."),
    (("chords", "wah_guitar clean_guitar"), ("pad", "strings synth_strings"), ("stabs", "brass strings"), ("chords", "electric_piano piano clavinet"), ("lead", "strings flute synth_lead")), ("sung", "belted", "breathy"))

TRAP = Style(
    "trap", (66, 78), 4, 8, (("minor", "i bVI"), ("harmonic", "i iv"), ("phrygian", "i bII"), ("minor", "i bVII bVI v")),
    ("K.....k...............k...k.....", "K...........k.......k.......k...", "K.......k...........k..........."), ("................S...............", "................C..............."),
    ("h.h.h.h.h.hhh.h.h.h.h.h.hhhhh.h.", "h...h...h.h.h...hhh.h...h.h.hhhh", "h.h.h.h.h.h.h.h.h.h.h.h.h.h.h.h."), ("z...............................",), ("......v.......v.......v.......v.", "........m.......m.......m......."),
    ("machine", "analogue_kit"), ("1-----1---------------1---------", "1-----------..1-----8-----......"), ("sub", "sub", "reese"), ("x-------------------------------", "x-----------x-----------........"),
    (("arpeggio", "celesta pluck harp nylon_guitar"), ("pad", "pad warm_pad strings"), ("lead", "flute synth_lead"), ("chords", "piano electric_piano"), ("stabs", "brass strings")), ("rap", "whispered_rap", "sung"), 1.6)

STYLES = {
    "clean": (ROCK, BALLAD, FUNK, HOUSE, HIP_HOP, FOLK, BOSSA, SOUL, PUNK),
    "noisy": (METAL, BLUES, REGGAE, SWING, DRUM_AND_BASS, SYNTHPOP, COUNTRY, DISCO, TRAP),
}
STYLES["test"] = STYLES["clean"]
