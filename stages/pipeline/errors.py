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

    So do a GPU whose memory is full, and a loader's process that was killed, of which torch tells by a RuntimeError in
    whatever line is running.

    `name` is of what runs, or of what it writes; it stands in the line where the error names no file.
    """
    try:
        yield
    except InputError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: {error.filename or name}: {error.strerror or error}")
    except RuntimeError as error:
        if type(error).__name__ == "OutOfMemoryError":  # torch's, which would take seconds to import
            sys.exit(f"error: {name}: {str(error).splitlines()[0]}")
        if not str(error).startswith("DataLoader worker"):
            raise
        sys.exit(f"error: {name}: a loader's process was killed: out of memory, or of /dev/shm?")
    except KeyboardInterrupt:
        sys.exit(f"error: {name}: interrupted")
