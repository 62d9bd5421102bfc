"""Why a server cannot be started."""

from pathlib import Path


class CannotStart(Exception):
    """A server cannot be started here; the text says what to do."""


def last_lines(log: Path) -> str:
    """Return the end of a log, or why there is none."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-8:])
    except OSError as error:
        return str(error)
