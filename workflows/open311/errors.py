"""Refusals in the words and the shape of GeoReport v2."""

from dataclasses import dataclass

from portal.i18n import LazyText


@dataclass(frozen=True)
class Fault:
    """`code` stays the same in every language; `description` is for the person at the other end."""

    code: str
    description: LazyText | str


class ApiError(Exception):
    """Answers a request with `status` and one error or several.

    404: no such thing; 403: the key is missing or wrong; 400: everything else.
    """

    def __init__(self, status: int, *faults: Fault) -> None:
        super().__init__(", ".join(fault.code for fault in faults))
        self.status = status
        self.faults = faults


def refused(status: int, code: str, description: LazyText | str) -> ApiError:
    return ApiError(status, Fault(code, description))
