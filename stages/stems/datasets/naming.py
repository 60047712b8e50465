"""Names of songs and files as they can be in a path and in a manifest."""

import re

from stages.pipeline.errors import InputError

LONGEST = 255 - len(".wav")  # bytes that a file's name may have


def file_name(name: str) -> str:
    """A name as it can be in a path and, between ":" and ";", in a manifest; blanks and all scripts stay."""
    return re.sub("[/\0:;]", "_", name).strip(". ") or "_"


def file_names(where: str, names: list[str]) -> dict[str, str]:
    """Each of the names as `file_name` has it. Raises InputError for the first of their `name_problems`."""
    if problems := name_problems(where, names):
        raise InputError(problems[0])
    return {name: file_name(name) for name in names}


def name_problems(where: str, names: list[str]) -> list[str]:
    """A line for each name that is no UTF-8, too long, or the same as another's, in a path; `where` says whose."""
    originals: dict[str, str] = {}
    problems = []
    for name in names:
        same = file_name(name)
        try:
            length = len(same.encode())
        except UnicodeEncodeError:
            problems.append(f"{where}: expected names in UTF-8, got {name!a}: rename it")
            continue
        if length > LONGEST:
            problems.append(f"{where}: expected names of at most {LONGEST} bytes, got {same!r}: rename it")
        if same in originals:
            problems.append(
                f"{where}: expected names that differ, {originals[same]!r} and {name!r} would both be {same!r}: "
                "rename one"
            )
        originals.setdefault(same, name)
    return problems
