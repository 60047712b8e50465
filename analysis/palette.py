"""One name and one colour for each thing, the same in every table and figure.

Arms with nominal labels are grey, the three refined ones take hues that colour-blind readers can tell apart
(Okabe and Ito). A classifier has the colour of the arm that it refines: Ψ_noisy that of psi_noisy.
"""

import re

ARM_NAMES = {
    "clean": "clean",
    "noisy": "noisy",
    "psi_clean": "refined by Ψ_clean",
    "psi_noisy": "refined by Ψ_noisy",
    "psi_refined": "refined by Ψ_refined",
    "oracle": "true labels (oracle)",
    "uncorrupted": "uncorrupted",
}
ARM_COLOURS = {
    "clean": "#3a3a3a",
    "noisy": "#a8a8a8",
    "psi_clean": "#009e73",
    "psi_noisy": "#e69f00",
    "psi_refined": "#0072b2",
    "oracle": "#cc79a7",
}
INK = "#333333"  # text, and what is neither an arm nor a class
CLASS_COLOURS = {"vocals": "#882255", "bass": "#56b4e9", "drums": "#d55e00", "other": "#b8a600"}
CLASSIFIER_NAMES = {"clean": "Ψ_clean", "noisy": "Ψ_noisy", "refined": "Ψ_refined"}
CLASSIFIER_COLOURS = {training: ARM_COLOURS[f"psi_{training}"] for training in CLASSIFIER_NAMES}
NETWORK_NAMES = {
    "xumx": "X-UMX",
    "hdemucs": "Hybrid Demucs",
    "mixture": "the mixture itself",
    "ideal_ratio_mask": "ideal ratio mask",
}


def subscripted(name: str) -> str:
    """A name for figures: the part of Ψ_noisy behind the underscore as a subscript."""
    return re.sub(r"Ψ_(\w+)", r"Ψ$_{\\mathregular{\1}}$", name)
