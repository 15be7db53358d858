"""What the embedded services raise."""

from pathlib import Path


class ServiceError(RuntimeError):
    """An embedded service cannot do its work; the text says what failed and what to do."""


def log_tail(path: Path, lines: int = 12) -> str:
    """The last lines of a log file, or "" when there is none."""
    try:
        with path.open("rb") as log:
            log.seek(0, 2)
            log.seek(max(0, log.tell() - 8192))
            text = log.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
