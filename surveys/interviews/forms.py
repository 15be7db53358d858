"""What a phone sends, read with suspicion."""

import datetime as dt
import uuid
from typing import Any, Final

from surveys.interviews.services import Upload

MOST_NAMES: Final = 2_000
MOST_VALUES: Final = 500
"""Of one question: a choice of several."""
_FIRST: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC).timestamp() * 1000
_LAST: Final = dt.datetime(2100, 1, 1, tzinfo=dt.UTC).timestamp() * 1000


def upload(campaign_id: int, data: Any) -> Upload:
    """ValueError for everything that our own script would not send."""
    if not isinstance(data, dict):
        raise ValueError("no object")
    answers = data.get("answers")
    if not isinstance(answers, dict) or len(answers) > MOST_NAMES:
        raise ValueError("no answers")
    return Upload(
        uuid=uuid.UUID(_text(data.get("uuid"))),
        campaign_id=campaign_id,
        version_id=_whole(data.get("version")),
        language=_text(data.get("language")),
        answers={_text(name): _values(values) for name, values in answers.items()},
        started_at=_moment(data.get("started")),
        ended_at=_moment(data.get("ended")),
        sent_at=_moment(data.get("sent")),
    )


def _text(value: Any) -> str:
    # NUL and lone surrogates: no database takes them.
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("no text")
    value.encode()
    return value


def _values(values: Any) -> list[str]:
    if not isinstance(values, list) or len(values) > MOST_VALUES:
        raise ValueError("no list")
    return [_text(value) for value in values]


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 < value < 2**53:
        raise ValueError("no number")
    return value


def _moment(value: Any) -> dt.datetime:
    """From milliseconds since 1970."""
    if type(value) is not int or not _FIRST <= value < _LAST:
        raise ValueError("no moment")
    return dt.datetime.fromtimestamp(value / 1000, dt.UTC)
