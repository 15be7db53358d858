"""What is said about secrecy outside of templates."""

from portal.i18n import LazyText, _l

SECRECY: dict[str, LazyText] = {
    "confidential": _l("Confidential"),
    "anonymous": _l("Anonymous"),
}

REASON_NEEDED = _l("Write why these answers are to be opened although they are few.")
NOT_OVER = _l("Close the campaign first: more answers may still come.")
NOTHING_WAITS = _l("No answers wait in the box.")
LEFT_BEHIND = _l("The key of these answers is not on this machine, so nobody can open them.")


def secrecy_label(secrecy: str) -> str:
    return str(SECRECY.get(secrecy, secrecy))
