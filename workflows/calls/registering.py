"""What brought somebody to the registration form: a call, or a call-back. Nothing commits."""

from dataclasses import dataclass, field
from typing import Any

from portal import phones
from portal.db import db
from workflows.calls import callbacks, services
from workflows.calls.models import Callback, CentreCall
from workflows.cases.models import Case


@dataclass(frozen=True)
class Source:
    """`data` fills the form in; the ids travel on in it."""

    call_id: int | None = None
    callback_id: int | None = None
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def origin(self) -> dict[str, Any]:
        """For intake.receive."""
        if self.call_id is not None:
            return {"origin_type": "call", "origin_id": self.call_id}
        if self.callback_id is not None:
            return {"origin_type": "callback", "origin_id": self.callback_id}
        return {}


def source(call: str | None, callback: str | None) -> Source:
    """Of the ids as they were typed; what is no such row is left out."""
    found = db.session.get(CentreCall, number) if (number := _id(call)) else None
    if found is not None and found.case_id is None:
        return Source(
            call_id=found.id,
            data={
                "phone": found.e164 if phones.is_mobile(found.e164) else "",
                "name": found.name,
                "language": found.language,
                "category_id": found.category_id,
                "text": found.note or found.subject,
            },
        )
    wanted = db.session.get(Callback, number) if (number := _id(callback)) else None
    if wanted is not None and wanted.state == "waiting":
        return Source(
            callback_id=wanted.id,
            data={
                "phone": wanted.e164,
                "name": wanted.name,
                "language": wanted.language,
                "text": wanted.subject,
            },
        )
    return Source()


def finished(source: Source, case: Case, *, by: int) -> None:
    """The case is there; whatever brought it knows it."""
    if source.call_id is not None:
        services.link(source.call_id, case.id)
    elif source.callback_id is not None:
        callbacks.finish(source.callback_id, by=by, state="registered", case_id=case.id)


def _id(typed: str | None) -> int | None:
    plain = typed or ""
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 18 else None
