"""README.md shows what results/ holds, and nothing that was typed in."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from analysis import make_readme
from analysis.make_readme import results_section, with_results
from stages.pipeline.errors import InputError

ROOT = Path(__file__).parent.parent


def test_the_results_in_the_readme_are_those_in_results():
    page = (ROOT / "README.md").read_text()
    assert with_results(page, results_section(ROOT / "results")) == page


def test_a_page_without_markers_is_refused():
    with pytest.raises(InputError, match="expected the lines"):
        with_results("# Title", "table")


def test_a_page_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    def full_disk(file):
        raise OSError(errno.ENOSPC, "No space left on device")

    shutil.copy(ROOT / "README.md", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(make_readme, "results_section", lambda folder: "table")
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(SystemExit, match="^error: README.md: No space left on device$"):
        make_readme.main()
    assert (tmp_path / "README.md").read_bytes() == (ROOT / "README.md").read_bytes()
