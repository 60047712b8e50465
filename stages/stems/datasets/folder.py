"""Any folder of songs with stems: <song>/<class>.wav, or <song>/<class>/*.wav for sources."""

from pathlib import Path

from stages.pipeline.errors import InputError
from stages.stems import CLASSES
from stages.stems.datasets import Info, Recording, SourceFile, folders

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
INFO = Info(
    title="A folder of your own",
    licence="yours",
    request="-",
    tree="""<root>/
  <song>/{vocals,bass,drums,other}.wav     one file a class, as many classes as there are; or
  <song>/<class>/<anything>.wav            any number of sources a class; .flac, .ogg and .mp3, too""",
    bibtex="",
)


def recordings(root: Path) -> list[Recording]:
    """Every folder as a song. Raises InputError for a song in which no file is named after a class."""
    songs = []
    for song in folders(root, "a folder for each song"):
        sources = []
        for c in CLASSES:
            alone = sorted(path for path in song.glob(f"{c}.*") if path.suffix.lower() in SUFFIXES)
            inside = sorted(path for path in song.glob(f"{c}/*") if path.suffix.lower() in SUFFIXES)
            if len(alone) + bool(inside) > 1:
                raise InputError(f"{song}: expected one file {c}.wav, or a folder {c}, found several")
            sources += [SourceFile(c, c, path) for path in alone]
            sources += [SourceFile(f"{c}_{path.stem}", c, path) for path in inside]
        if not sources:
            raise InputError(f"{song}: expected vocals, bass, drums or other, as .wav files or folders of them")
        songs.append(Recording(song.name, None, tuple(sources)))
    return songs
