"""Any folder of songs with stems: <song>/<class>.wav, or <song>/<class>/*.wav for sources.

Nothing that may be music is left out without a word: what is missing would be taken for silence.
"""

from pathlib import Path

from stages.pipeline.errors import InputError
from stages.stems import CLASSES
from stages.stems.datasets import Info, Recording, SourceFile, folders, listed

SUFFIXES = (".wav", ".flac")  # in which a file that was cut short is found out
OTHER_AUDIO = (
    ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".mp4", ".aac", ".aif", ".aiff", ".aifc", ".wma", ".webm", ".mka", ".ape",
    ".wv", ".caf", ".w64", ".au",
)  # fmt: skip
MIXTURES = ("mixture", "mix")  # which may lie beside the stems; ours is their sum
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
    """Every folder as a song; hidden files are not looked at."""
    return listed(folders(root, "a folder for each song"), _recording)


def _recording(song: Path) -> Recording:
    """A song's sources, by class and name.

    Raises InputError where no file is named after a class, or several are named after one, for two sources of one
    name, and for what looks like audio but has another format or name.
    """
    found: dict[str, list[SourceFile]] = {}
    for path in _visible(song):
        name = path.name.partition(".")[0].lower()
        if name not in CLASSES:
            _expect_no_audio(path, song)
        elif name in found:
            raise InputError(f"{song}: expected one file {name}.wav, or a folder {name}, found several")
        else:
            found[name] = _sources(name, path)
    sources = tuple(source for c in CLASSES for source in found.get(c, []))
    if not sources:
        raise InputError(f"{song}: expected vocals, bass, drums or other, as .wav or .flac files, or folders of them")
    return Recording(song.name, None, sources)


def _sources(name: str, path: Path) -> list[SourceFile]:
    """The sources of a class: of its file, or of every file of its folder."""
    if not path.is_dir():
        return [SourceFile(name, name, _expect_format(path))]
    first: dict[str, Path] = {}
    for file in _visible(path):
        if first.setdefault(file.stem, _expect_format(file)) != file:
            raise InputError(f"{file}: expected a name of its own, {first[file.stem].name} has the same")
    return [SourceFile(f"{name}_{stem}", name, file) for stem, file in first.items()]


def _expect_format(path: Path) -> Path:
    if path.is_dir() or path.suffix.lower() not in SUFFIXES:
        raise InputError(f"{path}: expected .wav or .flac, of which one that is cut short is found out")
    return path


def _expect_no_audio(path: Path, song: Path) -> None:
    """Raises InputError for audio of a song that is named after no class, but for its mixture, however deep it lies."""
    if path.is_dir():
        for inside in _visible(path):
            _expect_no_audio(inside, song)
    elif path.suffix.lower() in (*SUFFIXES, *OTHER_AUDIO) and path.stem.lower() not in MIXTURES:
        expected = f"the name of a class ({', '.join(CLASSES)}) or mixture: rename or move it"
        if path.parent != song:
            expected = f"audio in the song's folder, or in one named after a class ({', '.join(CLASSES)}): move it"
        raise InputError(f"{path}: expected {expected}")


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
