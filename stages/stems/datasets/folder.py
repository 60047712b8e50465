"""Any folder of songs with stems: <song>/<class>.wav, or <song>/<class>/*.wav for sources.

Nothing that may be music is left out without a word: what is missing would be taken for silence.
"""

from collections.abc import Iterator
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
    """Every folder as a song; whatever else may be music has a problem and is no song."""
    songs = listed(folders(root, "a folder for each song"), _recording)
    return songs + listed([path for path in sorted(root.iterdir()) if _is_astray(path)], _astray)


def _is_astray(path: Path) -> bool:
    """Whether it is audio beside the songs' folders, or a hidden folder that holds some."""
    if path.name.startswith("."):
        return path.is_dir() and any(_is_audio(file) for file in path.rglob("[!.]*"))
    return _is_audio(path)


def _astray(path: Path) -> None:
    """Raises InputError, whatever it is."""
    if path.is_dir():
        raise InputError(f"{path}: expected no audio in a hidden folder: rename or exclude it")
    raise InputError(f"{path}: expected a folder for each song: move it into one, or exclude it")


def _recording(song: Path) -> Recording:
    """A song's sources, by class and name.

    It has a problem where no file is named after a class, or several are named after one, for each two sources of one
    name, and for everything that looks like audio but has another format or name.
    """
    sources, problems = [], []
    named = {c: [] for c in CLASSES}
    for path in _visible(song):
        name = path.name.partition(".")[0].lower()
        if name in CLASSES:
            named[name].append(path)
        else:
            problems += _misplaced(path, song)
    for name, paths in named.items():
        music = [path for path in paths if path.is_dir() or _is_audio(path)] or paths  # not what an editor adds to it
        if len(music) > 1:
            found = ", ".join(path.name for path in music)
            problems.append(f"{song}: expected one file {name}.wav, or a folder {name}, found {found}")
        elif music:
            of_class, of_files = _sources(name, music[0])
            sources += of_class
            problems += of_files
    if not sources and not problems:
        problems = [f"{song}: expected vocals, bass, drums or other, as .wav or .flac files, or folders of them"]
    return Recording(song.name, None, tuple(sources), problems=tuple(problems))


def _sources(name: str, path: Path) -> tuple[list[SourceFile], list[str]]:
    """The sources of a class, of its file or of every file of its folder, and their problems."""
    first: dict[str, Path] = {}
    problems = []
    for file in _visible(path) if path.is_dir() else [path]:
        if file.is_dir() or file.suffix.lower() not in SUFFIXES:
            problems.append(f"{file}: expected .wav or .flac, in which a cut is found out: convert or move it")
        elif first.setdefault(file.stem, file) != file:
            problems.append(f"{file}: expected a name of its own, {first[file.stem].name} has the same")
    return [SourceFile(f"{name}_{s}" if path.is_dir() else name, name, file) for s, file in first.items()], problems


def _misplaced(path: Path, song: Path) -> Iterator[str]:
    """A problem for audio of a song that is named after no class, but for its mixture, however deep it lies."""
    if path.is_dir():
        for inside in _visible(path):
            yield from _misplaced(inside, song)
    elif _is_audio(path) and path.stem.lower() not in MIXTURES:
        expected = f"the name of a class ({', '.join(CLASSES)}) or mixture: rename or move it"
        if path.parent != song:
            expected = f"audio in the song's folder, or in one named after a class ({', '.join(CLASSES)}): move it"
        yield f"{path}: expected {expected}"


def _is_audio(path: Path) -> bool:
    return path.suffix.lower() in (*SUFFIXES, *OTHER_AUDIO) and not path.is_dir()


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
