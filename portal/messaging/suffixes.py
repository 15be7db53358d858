"""The ending that a sending line demands of every bulk SMS."""

from collections.abc import Iterable

from portal import text as texts
from portal.messaging import account, segments
from portal.messaging.account import Account


def with_suffix(body: str) -> str:
    """A bulk text as the line that sends as a rule wants it: its ending on a line of its own,
    unless the text ends with it. «لغو۱۱», «لغو 11» and «لغو11» are the same ending."""
    return _added(segments.clean(body).replace("\x00", "").rstrip(), account.usual_suffix())


def differ() -> bool:
    """Whether the gateways' lines demand different endings."""
    return len({account.suffix_of(each) for each in account.accounts()}) > 1


def adapted(body: str, to: Account) -> str:
    """A stored bulk text as it goes over `to`: an ending of another line is replaced by its own."""
    wanted = account.suffix_of(to)
    if _ends_with(body, wanted):
        return body
    return _added(_without(body, account.suffixes()), wanted)


def _added(body: str, suffix: str) -> str:
    return f"{body}\n{suffix}" if suffix and not _ends_with(body, suffix) else body


def _ends_with(body: str, suffix: str) -> bool:
    return suffix != "" and _bare(body).endswith(_bare(suffix))


def _without(body: str, suffixes: Iterable[str]) -> str:
    """Without an ending that stands on a line of its own."""
    head, _line, last = body.rpartition("\n")
    return head.rstrip() if head and _bare(last) in map(_bare, suffixes) else body


def _bare(text: str) -> str:
    return texts.search_key(text).replace(" ", "")
