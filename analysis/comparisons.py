"""How far the test songs agree on a comparison of two arms. (It says nothing about another training seed.)"""

import math

import pandas as pd

from analysis.results import NETWORKS
from stages.stems import CLASSES

PAIRS = (
    ("clean", "noisy"),
    ("psi_clean", "noisy"),
    ("psi_noisy", "noisy"),
    ("psi_refined", "noisy"),
    ("psi_refined", "psi_clean"),
    ("psi_refined", "psi_noisy"),
)


def compare_songs(songs: pd.DataFrame) -> pd.DataFrame:
    """Compare arms song by song, on the csdr averaged over the classes of a song.

    Args:
        songs: `analysis.results.Results.songs`.

    Returns: network, arm, against, songs, difference (mean, dB), standard_error (dB, NaN for one song), better
    (songs in which `arm` lies above `against`). A song that lacks a value for any class is left out of `songs`.
    """
    classes = songs.set_index(["network", "training_data", "song", "class"])["csdr"].unstack()[list(CLASSES)]
    averages = classes.mean(axis=1, skipna=False)
    rows = []
    for network in NETWORKS:
        for arm, against in PAIRS:
            difference = (averages[network, arm] - averages[network, against]).dropna()
            error = difference.std() / math.sqrt(len(difference)) if len(difference) > 1 else math.nan
            better = int((difference > 0).sum())
            rows.append([network, arm, against, len(difference), difference.mean(), error, better])
    columns = ["network", "arm", "against", "songs", "difference", "standard_error", "better"]
    return pd.DataFrame(rows, columns=columns)
