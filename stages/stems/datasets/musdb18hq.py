"""MUSDB18-HQ: the songs of MUSDB18, uncompressed."""

from pathlib import Path

from stages.stems import CLASSES
from stages.stems.datasets import Info, Recording, SourceFile, musdb18

INFO = Info(
    title="MUSDB18-HQ: the 150 songs of MUSDB18, uncompressed",
    licence=musdb18.INFO.licence,
    request="Zenodo, record 3338373",
    tree="""<root>/
  train/<Artist - Title>/{mixture,drums,bass,other,vocals}.wav
  test/<Artist - Title>/{mixture,drums,bass,other,vocals}.wav""",
    bibtex="""@misc{musdb18hq,
  author = {Rafii, Zafar and Liutkus, Antoine and St{\\"o}ter, Fabian-Robert and Mimilakis, Stylianos Ioannis
            and Bittner, Rachel},
  title = {{MUSDB18-HQ}: an uncompressed version of {MUSDB18}},
  year = {2019},
  doi = {10.5281/zenodo.3338373}
}""",
)


def recordings(root: Path) -> list[Recording]:
    """Every song of the set; 14 training songs, named by the musdb package, are for validation."""
    return musdb18.list_tracks(root, "*/", lambda path: tuple(SourceFile(c, c, path / f"{c}.wav") for c in CLASSES))
