"""The one exception that a user should ever see."""


class InputError(Exception):
    """Bad input. The message is one line that names the file, row or parameter and what was expected."""
