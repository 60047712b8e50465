"""README.md shows what results/ holds, and nothing that was typed in."""

from pathlib import Path

import pytest

from analysis.make_readme import results_section, with_results
from stages.pipeline.errors import InputError

ROOT = Path(__file__).parent.parent


def test_the_results_in_the_readme_are_those_in_results():
    page = (ROOT / "README.md").read_text()
    assert with_results(page, results_section(ROOT / "results")) == page


def test_a_page_without_markers_is_refused():
    with pytest.raises(InputError, match="expected the lines"):
        with_results("# Title", "table")
