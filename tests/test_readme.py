"""README.md shows what results/ holds, and nothing that was typed in."""

import errno
import os
import re
import shutil
from pathlib import Path

import pytest

from analysis import make_readme
from analysis.make_readme import in_short, with_results
from stages.pipeline.errors import InputError

ROOT = Path(__file__).parent.parent


def test_the_results_in_the_readme_are_those_in_results():
    page = (ROOT / "README.md").read_text()
    emptied, filled = re.subn(r"(<!-- [\w ]+: written by [^\n]* -->\n).*?(<!-- end of)", r"\1\2", page, flags=re.DOTALL)
    assert filled == 2 and len(emptied) < len(page)
    assert with_results(emptied, ROOT / "results") == page


def test_in_short_says_what_the_tables_say(tmp_path):
    reference = tmp_path / "reference"
    reference.mkdir()
    gains = {"clean": 0.9, "uncorrupted": 0.44, "oracle": 0.4, "psi_refined": 0.255}
    rows = [f"{network},{arm},{gain},+0.4" for network in ("xumx", "hdemucs") for arm, gain in gains.items()]
    (reference / "gap.csv").write_text(
        "network,training_data,gain,by_seed,seeds\n"
        + "\n".join(f"{row},5" for row in rows).replace("oracle,0.4", "oracle,0.3", 1)
    )
    (reference / "strategies.csv").write_text(
        "condition,network,strategy,gain,seeds\nbase,xumx,oracle,0.1,3\nflips_40,hdemucs,oracle,1.5,3\n"
    )
    (reference / "noise.csv").write_text("condition,network,cost,seeds\nflips_40,xumx,1.05,3\nflips_40,hdemucs,1.8,2\n")
    (reference / "claims_by_threshold.csv").write_text(
        "threshold,id,holds\n0.5,C1,undecided\n0.9,C1,undecided\n0.9,C2,true\n0.9,C3,false\n0.9,C4,true\n"
    )
    verdicts = ["false,against it", "undecided,as the paper", "undecided,mixed", "true,as the paper"]
    (reference / "claims.csv").write_text("holds,direction\n" + "\n".join(verdicts))
    text = in_short(tmp_path)
    assert (
        text.splitlines()[0]
        == "| small networks, rendered music: SDR in dB, mean over songs and seeds | X-UMX | Hybrid Demucs | seeds |"
    )
    assert "| what the noise costs | 0.44 | 0.44 | 5 |\n| what true labels would win back | 0.30 | 0.40 | 5 |\n" in text
    cost = "| with 40 % of the sources mislabelled, shorter trainings: what the noise costs | 1.05 | 1.80 | 2, 3 |"
    much_noise = f"{cost}\n| likewise, what true labels would win back | - | 1.50 | 3 |"
    refined = f"| what the labels of Ψ_refined win back | 0.26 | 0.26 | 5 |\n{much_noise}\n\n"
    assert refined + "Of the paper's 4 claims, tested together" in text
    assert "1 are confirmed, 1 do not hold, and 2 are undecided, 1 of these leaning the paper's way: so few" in text
    assert text.endswith("for that: 0.5: none is decided; 0.9: C2, C4 confirmed and C3 false.\n")
    (reference / "strategies.csv").write_text("condition,network,strategy,gain,seeds\n")
    (reference / "noise.csv").write_text("condition,network,cost,seeds\n")
    (reference / "gap.csv").write_text("network,training_data,gain,by_seed,seeds\nxumx,psi_refined,0.25,+0.2,1\n")
    assert in_short(tmp_path).splitlines()[2:4] == [
        "| what the labels of Ψ_refined win back | 0.25 | 1 |",
        "",
    ]
    (reference / "gap.csv").write_text("network,training_data,gain,by_seed,seeds\n")
    assert in_short(tmp_path).startswith("Of the paper's 4 claims")


def test_a_page_without_markers_is_refused():
    with pytest.raises(InputError, match="expected the lines"):
        with_results("# Title", ROOT / "results")


def test_a_page_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    def full_disk(file):
        raise OSError(errno.ENOSPC, "No space left on device")

    shutil.copy(ROOT / "README.md", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(make_readme, "with_results", lambda page, folder: "table")
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(SystemExit, match="^error: README.md: No space left on device$"):
        make_readme.main()
    assert (tmp_path / "README.md").read_bytes() == (ROOT / "README.md").read_bytes()
