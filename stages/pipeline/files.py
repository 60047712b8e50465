"""Writing files so that a reader never meets half of one, and reading tables as they were written."""

import glob
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

LONGEST_NAME = 200  # bytes of the 255 that a file's name may have; a temporary one has some forty more


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is synced and renamed to `path`, on failure removed.

    An OSError that names no file or the temporary one names `path`.
    """
    path = Path(path)
    temporary = _temporary(path)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if error.filename is None or Path(error.filename) == temporary:  # a full disk does not say what it was full for
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; on success it replaces `path`, on failure it is removed."""
    path = Path(path)
    temporary = _temporary(path)
    before = temporary.with_stem(f"{temporary.stem}-before")
    try:
        temporary.mkdir()
        yield temporary
        if path.exists():
            path.replace(before)  # removing it takes time, in which half of it would be there
        temporary.replace(path)
    finally:
        if before.exists() and not path.exists():
            before.replace(path)
        for folder in (temporary, before):
            with suppress(OSError):
                _remove(folder)


def _remove(path: Path) -> None:
    """Remove a file, a folder with all that is in it, or a link, not what it points to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    """A hidden path beside `path` that is this process's own; what killed processes left of theirs is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    name = path.stem
    if len(os.fsencode(path.name)) > LONGEST_NAME:  # with more characters it would be too long for a file
        name = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    before, after = f".{name}.", f".partial{path.suffix}"
    for old in path.parent.glob(f"{glob.escape(before)}*{glob.escape(after)}"):
        process = old.name.removeprefix(before).removesuffix(after).removesuffix("-before")
        if process.isdecimal() and not _runs_elsewhere(int(process)):
            _remove(old)
    return path.with_name(f"{before}{os.getpid()}{after}")


def _runs_elsewhere(process: int) -> bool:
    """Whether a process other than this one has the number; in a new container even this one may be an old number."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs, as someone else's
        pass
    return True


def write_json(path: Path, content: dict) -> None:
    """Write `content` with sorted keys, so that equal results are equal bytes."""
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n")


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_table(path: Path, columns: Collection[str], texts: Collection[str]) -> "pd.DataFrame":
    """A CSV's table. An empty cell is NaN but in `texts`, in which nothing is missing: a song may be called "None".

    Raises OSError and ValueError like pandas; whether it has the `columns` is not checked.
    """
    import pandas as pd  # half a second, which what only writes doesn't have to wait

    missing = {name: [""] for name in columns if name not in texts}
    return pd.read_csv(path, dtype=dict.fromkeys(texts, str), keep_default_na=False, na_values=missing)
