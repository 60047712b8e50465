"""The tools that measure what a larger scale costs: what they cannot do is said at once."""

import pytest


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("refine_at_scale", ["many"], "argument segments: invalid int value: 'many'"),
        ("refine_at_scale", ["0"], "segments: expected at least 1, got 0"),
        ("measure_scale", ["--watts", "nan"], "--watts: expected more than 0, got nan"),
        ("measure_scale", ["--watts", "100", "--batch", "0"], "--batch: expected more than 0, got 0"),
        ("measure_scale", ["--watts", "100", "--steps", "-1"], "--steps: expected more than 0, got -1"),
    ],
)
def test_a_number_that_means_nothing_is_named(name, arguments, message, tool, capsys):
    with pytest.raises(SystemExit) as end:
        tool(name, *arguments)
    assert end.value.code == 2
    assert capsys.readouterr().err.endswith(f"{message}\n")
