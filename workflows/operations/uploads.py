"""What a phone sends, read with suspicion."""

import datetime as dt
import json
import math
import uuid
from collections.abc import Sequence
from typing import Any, Final

from werkzeug.datastructures import FileStorage

from portal.photos import MAX_BYTES, Photo, PhotoError, read
from workflows.cases.moves import InputRefused
from workflows.cases.photo_fields import ERRORS as PHOTO_ERRORS
from workflows.operations import proofs
from workflows.operations.models import ENTRY_KINDS
from workflows.operations.visits import Record

_FIRST: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC).timestamp() * 1000
_LAST: Final = dt.datetime(2100, 1, 1, tzinfo=dt.UTC).timestamp() * 1000


def record(text: str, before: Sequence[FileStorage], after: Sequence[FileStorage]) -> Record:
    """ValueError for everything that our own script would not send; InputRefused for photos.

    Fields that a later release of the script may add are passed over, those it may leave out are
    empty: a phone can come back with records of another release.
    """
    data: Any = json.loads(text)
    if not isinstance(data, dict) or data.get("kind") not in ENTRY_KINDS:
        raise ValueError("no record")
    if len(before) + len(after) > proofs.MOST:
        raise ValueError("too many photos")
    latitude = _number(data.get("latitude"), 90)
    longitude = _number(data.get("longitude"), 180)
    return Record(
        uuid=uuid.UUID(_text(data.get("uuid"))),
        visit_id=_whole(data.get("visit")),
        kind=data["kind"],
        at=_moment(data.get("at")),
        sent=_moment(data.get("sent")),
        finding=_text(data.get("finding") or ""),
        reason=_text(data.get("reason") or ""),
        words=_text(data.get("words") or ""),
        answer=_text(data.get("answer") or ""),
        latitude=latitude if longitude is not None else None,
        longitude=longitude if latitude is not None else None,
        accuracy_m=_number(data.get("accuracy"), 1e6),
        before=_photos(before),
        after=_photos(after),
    )


def _photos(sent: Sequence[FileStorage]) -> list[Photo]:
    try:
        return [read(one.stream.read(MAX_BYTES + 1)) for one in sent]
    except PhotoError as error:
        raise InputRefused("photos", PHOTO_ERRORS[error.code]) from None


def _text(value: Any) -> str:
    # NUL and lone surrogates: no database takes them.
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("no text")
    value.encode()
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 < value < 2**53:
        raise ValueError("no number")
    return value


def _number(value: Any, most: float) -> float | None:
    """A number within ±`most`; None for anything else: a place is worth no refusal."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and abs(value) <= most else None


def _moment(value: Any) -> dt.datetime:
    """From milliseconds since 1970."""
    if type(value) is not int or not _FIRST <= value < _LAST:
        raise ValueError("no moment")
    return dt.datetime.fromtimestamp(value / 1000, dt.UTC)
