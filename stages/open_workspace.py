"""Open a workspace of a study: a folder in which the pipeline's stages run with parameters of their own.

    python -m stages.open_workspace <condition> <seed>      from the repository's root

Writes studies/<condition>-seed<seed>/params.yaml: params.yaml with the condition's changes (studies/conditions.yaml)
and the seed. The clean, the test and the uncorrupted noisy stems are links to the repository's own, so no condition
and no seed can change the test set. What was measured there with other parameters is removed; scores and metrics that
these don't change, DVC brings back from its cache.
"""

import os
import shutil
import sys
from pathlib import Path

from omegaconf import OmegaConf

from stages.pipeline.errors import InputError, errors_as_one_line
from stages.pipeline.files import atomic_file
from stages.pipeline.params import Params, checked_params, load_params, read_mapping
from stages.stems.manifest import CATALOGUE_ROOTS

CONDITIONS = Path("studies/conditions.yaml")
MEASURED = ("metrics", "scores", "timing")  # folders of what a workspace's stages measured


def workspace_params(root: Path, condition: str, seed: int) -> tuple[Params, str]:
    """The parameters of the repository at `root` with a condition's changes and its share of the steps, rounded.

    Returns: them, and the params.yaml that has them.

    Raises InputError for an unknown condition, for wrong parameters, for a change of the stems, which workspaces share,
    and where a share is no number, or of something that has no steps.
    """
    conditions = read_mapping(root / CONDITIONS)
    if condition not in conditions:
        raise InputError(f"unknown condition {condition!r}: expected one of {', '.join(conditions)} ({CONDITIONS})")
    changes = conditions[condition] or {}
    shares = changes.get("share_of_steps", {}) if isinstance(changes, dict) else {}
    if not (isinstance(changes, dict) and isinstance(shares, dict)):
        raise InputError(f"{CONDITIONS}: {condition}: expected parameters and share_of_steps, got {changes!r:.80}")
    changes = {name: value for name, value in changes.items() if name != "share_of_steps"}
    if "stems" in changes:
        raise InputError(f"{CONDITIONS}: {condition}: stems: expected no change, since workspaces share the stems")
    params = OmegaConf.merge(read_mapping(root / "params.yaml"), changes, {"seed": seed})
    for training, share in shares.items():
        steps = OmegaConf.select(params, f"{training}.steps")
        if not isinstance(share, int | float):
            raise InputError(f"{CONDITIONS}: {condition}: share_of_steps: {training}: expected a number, got {share!r}")
        if steps is None:
            raise InputError(f"{CONDITIONS}: {condition}: share_of_steps: params.yaml has no {training}.steps")
        OmegaConf.update(params, f"{training}.steps", round(share * steps))
    return checked_params(OmegaConf.to_container(params), f"{CONDITIONS}: {condition}"), OmegaConf.to_yaml(params)


def open_workspace(condition: str, seed: int) -> Path:
    """Returns the workspace's folder. Raises InputError for an unknown condition and wrong parameters."""
    folder = Path("studies") / f"{condition}-seed{seed}"
    wanted, text = workspace_params(Path(), condition, seed)
    with atomic_file(folder / "params.yaml") as temporary:
        temporary.write_text(text)
        if not has_params(folder, wanted):
            for measured in (folder / name for name in MEASURED):
                if measured.exists():
                    shutil.rmtree(measured)
    for root in CATALOGUE_ROOTS.values():
        link = folder / root
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(root, link.parent))  # so that a moved or copied repository has its own
    return folder


def has_params(workspace: Path, params: Params) -> bool:
    """Whether a workspace's parameters are these, but for `compute`; those that cannot be read are not."""
    try:
        found = load_params(workspace / "params.yaml")
    except InputError:
        return False
    return found.model_dump(exclude={"compute"}) == params.model_dump(exclude={"compute"})


if __name__ == "__main__":
    with errors_as_one_line("open_workspace"):
        if len(sys.argv) != 3 or not sys.argv[2].isdecimal():
            raise InputError(f"open_workspace: expected a condition and a seed, got {sys.argv[1:]}")
        open_workspace(sys.argv[1], int(sys.argv[2]))
