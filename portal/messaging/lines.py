"""What a text takes over each sending line: parts and endings differ from line to line."""

from portal.i18n import _, format_number, isolate
from portal.messaging import account, segments, suffixes
from portal.messaging.segments import Segments


def usual(shown: str) -> Segments:
    """Over the line that sends as a rule."""
    return segments.count(shown, chars_per_part=account.plan())


def differences(shown: str, *, bulk: bool = True) -> list[str]:
    """A sentence for each other line over which a text takes more parts, or fewer. `shown` ends as
    the usual line demands; only bulk SMS have such an ending."""
    parts = usual(shown).segments
    said: list[str] = []
    for each in account.accounts()[1:]:
        text = suffixes.adapted(shown, each) if bulk else shown
        found = segments.count(text, chars_per_part=each.plan)
        if found.segments != parts:
            said.append(
                _(
                    "Parts if %(gateway)s has to send it, over the line %(line)s: %(parts)s.",
                    gateway=isolate(each.name),
                    line=isolate(each.line),
                    parts=format_number(found.segments),
                )
            )
    return said
