"""The one exception that a user should ever see, and how it is seen."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class InputError(Exception):
    """Bad input. The message is one line that names the file, row or parameter and what was expected.

    What a library says within it may have several; they are joined.
    """

    def __init__(self, message: str):
        super().__init__(" ".join(line.strip() for line in message.splitlines()).strip())


@contextmanager
def errors_as_one_line(name: str) -> Iterator[None]:
    """Bad input, files that cannot be read or written, and Ctrl-C end the program with exit code 1 and one line.

    `name` is of what runs, or of what it writes; it stands in the line where the error names no file.
    """
    try:
        yield
    except InputError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: {error.filename or name}: {error.strerror or error}")
    except KeyboardInterrupt:
        sys.exit(f"error: {name}: interrupted")
