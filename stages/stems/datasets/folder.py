"""Any folder of songs with stems: <song>/<class>.wav, or <song>/<class>/*.wav for sources."""

from pathlib import Path

from stages.pipeline.errors import InputError
from stages.stems import CLASSES
from stages.stems.datasets import Info, Recording, SourceFile, folders

SUFFIXES = (".wav", ".flac")
REFUSED = (".mp3", ".ogg", ".opus", ".m4a", ".aac", ".aif", ".aiff")  # one that was cut short reads as if it were whole
INFO = Info(
    title="A folder of your own",
    licence="yours",
    request="-",
    tree="""<root>/
  <song>/{vocals,bass,drums,other}.wav     one file a class, as many classes as there are; or
  <song>/<class>/<anything>.wav            any number of sources a class; .flac, too""",
    bibtex="",
)


def recordings(root: Path) -> list[Recording]:
    """Every folder as a song.

    Raises InputError for a song in which no file is named after a class, for two sources of one name, and for audio in
    another format.
    """
    songs = []
    for song in folders(root, "a folder for each song"):
        sources = []
        for c in CLASSES:
            alone, inside = (_audio(song, pattern) for pattern in (f"{c}.*", f"{c}/*"))
            if len(alone) + bool(inside) > 1:
                raise InputError(f"{song}: expected one file {c}.wav, or a folder {c}, found several")
            first = {}
            for path in inside:
                if first.setdefault(path.stem, path) != path:
                    raise InputError(f"{path}: expected a name of its own, {first[path.stem].name} has the same")
            sources += [SourceFile(c, c, path) for path in alone]
            sources += [SourceFile(f"{c}_{path.stem}", c, path) for path in inside]
        if not sources:
            raise InputError(
                f"{song}: expected vocals, bass, drums or other, as .wav or .flac files, or folders of them"
            )
        songs.append(Recording(song.name, None, tuple(sources)))
    return songs


def _audio(song: Path, pattern: str) -> list[Path]:
    """The audio files of a song that a pattern finds, sorted; InputError for one in another format."""
    found = sorted(song.glob(pattern))
    for path in found:
        if path.suffix.lower() in REFUSED:
            raise InputError(f"{path}: expected .wav or .flac, of which one that is cut short is found out")
    return [path for path in found if path.suffix.lower() in SUFFIXES]
