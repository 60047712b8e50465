"""SDXDB23_LabelNoise and SDXDB23_Bleeding: the corrupted training sets of the 2023 Sound Demixing Challenge."""

from pathlib import Path

from stages.stems import CLASSES
from stages.stems.datasets import Info, Recording, SourceFile, folders

INFO = Info(
    title="SDXDB23_LabelNoise or SDXDB23_Bleeding: 203 songs each, whose stems are mislabelled or bleed",
    licence="as stated where it is downloaded; non-commercial research",
    request="AIcrowd, Sound Demixing Challenge 2023, Music Demixing Track",
    tree="""<root>/
  <uuid>/{vocals,bass,drums,other}.wav     no mixture; what is really in a stem is not known""",
    bibtex="""@article{sdx23,
  author = {Fabbro, Giorgio and Uhlich, Stefan and Lai, Chieh-Hsin and Choi, Woosung and Mart{\\'i}nez-Ram{\\'i}rez,
            Marco and others},
  title = {The Sound Demixing Challenge 2023 -- Music Demixing Track},
  journal = {Transactions of the International Society for Music Information Retrieval},
  volume = {7},
  number = {1},
  year = {2024}
}""",
)


def recordings(root: Path) -> list[Recording]:
    """Every folder of the set as a song."""
    return [
        Recording(song.name, None, tuple(SourceFile(c, c, song / f"{c}.wav") for c in CLASSES), labels_are_true=False)
        for song in folders(root, "a folder for each song")
    ]
