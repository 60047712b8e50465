"""The singers: who sings in which catalogue, and the words they know. No voice is in two catalogues."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Voice:
    """A singer: an espeak-ng voice whose spectral envelope is warped, and the habits of its singing."""

    espeak: str  # language+variant
    low: int  # lowest and highest comfortable MIDI pitch
    high: int
    formant: float  # frequency factor of the envelope: below 1 a longer vocal tract
    tilt: float  # dB per octave above 1 kHz: brightness
    breath: float  # 0 to 1: noise in the voiced parts
    vibrato: float  # semitones

    @property
    def language(self) -> str:
        return self.espeak.split("+")[0].split("-")[0]


VOICES = {
    "clean": (
        Voice("en-us+f2", 57, 76, 1.04, 0.5, 0.15, 0.30),
        Voice("en-us+m3", 47, 66, 0.97, 1.5, 0.05, 0.20),
        Voice("en-gb+Alicia", 58, 77, 1.10, 0.0, 0.35, 0.15),
        Voice("en-gb+klatt2", 45, 63, 0.92, 2.0, 0.10, 0.10),
        Voice("en-us+Michael", 50, 69, 1.05, 2.5, 0.02, 0.35),
        Voice("es+f4", 56, 74, 1.00, 1.0, 0.08, 0.40),
        Voice("it+m1", 48, 67, 1.00, 2.0, 0.02, 0.45),
        Voice("pt-br+Annie", 55, 73, 0.96, -0.5, 0.45, 0.10),
        Voice("sv+f5", 59, 78, 1.12, 1.5, 0.20, 0.25),
        Voice("de+m7", 43, 61, 0.90, 1.5, 0.08, 0.20),
        Voice("en-us+steph", 54, 72, 0.94, 2.0, 0.05, 0.30),
        Voice("fr-fr+Mike", 46, 65, 1.02, 0.5, 0.30, 0.12),
    ),
    "test": (
        Voice("en-us+f3", 57, 75, 1.02, 1.0, 0.10, 0.25),
        Voice("en-gb+m4", 46, 65, 0.95, 1.5, 0.08, 0.25),
        Voice("es-419+Andrea", 58, 77, 1.08, 0.5, 0.25, 0.30),
        Voice("it+antonio", 48, 67, 0.98, 2.0, 0.05, 0.35),
        Voice("nl+m6", 44, 62, 0.93, 1.0, 0.15, 0.15),
        Voice("en-gb-scotland+linda", 55, 74, 0.98, 1.5, 0.05, 0.20),
        Voice("pt-br+pablo", 49, 68, 1.06, 0.0, 0.35, 0.10),
    ),
    "noisy": (
        Voice("en-us+f1", 55, 74, 1.00, 1.5, 0.05, 0.35),
        Voice("en-gb+m2", 48, 67, 1.03, 1.0, 0.10, 0.20),
        Voice("en-us+klatt4", 44, 62, 0.94, 2.5, 0.05, 0.10),
        Voice("en-gb+belinda", 57, 76, 1.07, 0.0, 0.30, 0.25),
        Voice("es+Diogo", 47, 66, 1.00, 1.5, 0.05, 0.35),
        Voice("it+steph2", 56, 75, 1.05, 1.5, 0.15, 0.45),
        Voice("fr-fr+anika", 58, 77, 1.02, 0.5, 0.40, 0.15),
        Voice("de+Denis", 43, 61, 0.91, 2.0, 0.10, 0.15),
        Voice("ro+f4", 59, 78, 1.14, 1.0, 0.10, 0.30),
        Voice("en-us+Andy", 50, 69, 1.08, 2.0, 0.02, 0.15),
        Voice("fi+m5", 45, 64, 0.96, 1.0, 0.25, 0.20),
        Voice("pl+steph3", 54, 72, 0.95, 1.5, 0.08, 0.30),
    ),
}

# Lines of one-syllable words, so that a word is a note.
LINES = {
    "en": (
        "cold wind blows on the low grey hill", "we run so far from the town we knew", "hold my hand when the storm rolls in",
        "no sleep for the ones who wait", "burn like a lamp in the glass all night", "take me down to the sea once more",
        "time falls slow on the stone floor", "you know my name but you walk on by", "all I have is a song and a wheel",
        "red dust shines where the trains don't stop", "give it up now and let it all go", "more than a spark less than a flame",
    ),
    "es": (
        "sol y mar mi luz ya no es", "voy a ver la flor de tu voz", "que bien si tu me das la paz", "sin ti no hay mes ni fin",
        "con fe y sal yo soy quien va", "ven a mi por el gran tren azul",
    ),
    "it": (
        "io so chi sei tu per me", "va via con me sul blu del mar", "non ho che te e la tua fe", "qui sta il re di tre e sei",
        "se vai lo so che poi non sai", "un gran bel sol su noi ma no",
    ),
    "pt": (
        "eu vou ao mar e ao sol", "meu bem me diz quem vem por mim", "luz e cor no teu jardim", "sou eu quem faz a paz",
        "sem ti o som tem um fim", "vai e vem na flor do chão",
    ),
    "fr": (
        "je vois la nuit sur le grand port", "tu dors si bien et moi je cours", "la mer est là mais pas le vent", "un jour de plus sans toi ni feu",
        "on va plus loin que le ciel bleu", "rien ne sert de dire non",
    ),
    "de": (
        "der Wind geht kalt durch mein Haus", "komm mit mir bis das Licht wohl bricht", "ich will nicht mehr als ein Wort", "die Nacht ist lang und still",
        "wir sind so nah am Meer", "wo bist du hin mein Freund",
    ),
    "sv": ("jag vill gå ut i vår", "min vän du är så långt bort", "nu står allt still här", "ljus och hav och sång", "kom till mig när natt blir dag"),
    "nl": ("ik ga naar zee met jou", "de maan staat laag en wacht", "kom hier en blijf bij mij", "dit huis is leeg en koud", "wij gaan door tot het licht"),
    "ro": ("eu mă duc spre cer și vânt", "tu ești tot ce am și vreau", "vin la drum când dor mi-e mult", "un pas mic pe nor și foc"),
    "fi": ("nyt on yö ja tuo tie vie", "minä jään", "sä et nää kun mä meen", "työ ja tuuli suo mun maan", "niin se on ja jää"),
    "pl": ("ja chcę iść tam gdzie jest las", "mój dom jest pust i zły", "noc i dzień to my", "weź mnie stąd gdzie wiatr i deszcz", "tu jest sen mój i twój"),
}
OPEN_SYLLABLES = ("oo", "ah", "la", "oh", "hey", "na", "yeah")  # what backing singers sing
