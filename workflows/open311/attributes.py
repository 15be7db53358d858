"""Questions of a category as attributes of a service: the door through which they come.

Whoever knows a category's questions connects functions here; without them every service has
`metadata` false and takes no attributes.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from portal.i18n import _, _l, pick
from workflows.cases.models import Category
from workflows.cases.moves import InputRefused
from workflows.open311.errors import Fault

LISTS: Final = ("singlevaluelist", "multivaluelist")
MOST_VALUE: Final = 2_000
MOST_VALUES: Final = 50


@dataclass(frozen=True)
class Attribute:
    """One question. `datatype`: string, number, datetime, text, singlevaluelist, multivaluelist."""

    code: str
    """ASCII; the same in every language."""
    datatype: str
    description: Mapping[str, str]
    """The question, by language."""
    required: bool = False
    variable: bool = True
    """False: a text that is only shown."""
    help: Mapping[str, str] = field(default_factory=dict)
    values: Sequence[tuple[str, Mapping[str, str]]] = ()
    """(key, name by language) of the two kinds of list."""
    check: Callable[[Sequence[str]], object] | None = None
    """Raises InputRefused for values that are no answer, with words for a person."""


Questions = Callable[[Category], Sequence[Attribute]]
Asked = Callable[[Collection[int]], Collection[int]]
Keep = Callable[[int, Mapping[str, Sequence[str]]], None]


def _none(_category: Category) -> Sequence[Attribute]:
    return ()


def _nothing(_case_id: int, _answers: Mapping[str, Sequence[str]]) -> None:
    """No question was asked, so there is no answer to keep."""


def _none_asked(_category_ids: Collection[int]) -> Collection[int]:
    return ()


_connected: dict[str, Any] = {"of": _none, "keep": _nothing, "asked": _none_asked}


def connect(of: Questions, keep: Keep, asked: Asked) -> None:
    """`of` gives a category's questions; `keep` stores the answers of a case, flushing only;
    `asked` says of many categories at once which of them ask anything."""
    _connected.update(of=of, keep=keep, asked=asked)


def asked(category_ids: Collection[int]) -> Collection[int]:
    found: Collection[int] = _connected["asked"](category_ids)
    return found


def of(category: Category) -> Sequence[Attribute]:
    found: Sequence[Attribute] = _connected["of"](category)
    return found


def keep(case_id: int, answers: Mapping[str, Sequence[str]]) -> None:
    if answers:
        _connected["keep"](case_id, answers)


def definition(category: Category) -> list[dict[str, Any]]:
    """As GeoReport v2 prints them, in the reader's language."""
    return [
        {
            "variable": one.variable,
            "code": one.code,
            "datatype": one.datatype,
            "required": one.required,
            "datatype_description": pick(one.help) or None,
            "order": place,
            "description": pick(one.description),
            "values": [{"key": key, "name": pick(names)} for key, names in one.values],
        }
        for place, one in enumerate(of(category), 1)
    ]


def check(
    category: Category, given: Mapping[str, Sequence[str]]
) -> tuple[dict[str, list[str]], list[Fault]]:
    """The answers that fit the questions, and what is wrong; unknown codes are passed over."""
    kept: dict[str, list[str]] = {}
    faults: list[Fault] = []
    for one in of(category):
        if not one.variable:
            continue
        values = [value.strip() for value in given.get(one.code, ()) if value.strip()]
        if not values:
            if one.required:
                faults.append(
                    Fault("attribute", _("The attribute %(code)s is required.", code=one.code))
                )
            continue
        if wrong := _wrong(one, values):
            faults.append(Fault("attribute", wrong))
        else:
            kept[one.code] = values
    return kept, faults


def _wrong(one: Attribute, values: list[str]) -> str:
    said = str(_l("The attribute %(code)s does not fit.", code=one.code))
    if not _fits(one, values):
        return said
    try:
        if one.check is not None:
            one.check(values)
    except InputRefused as refused:
        return f"{said} {refused.message}"
    return ""


def _fits(one: Attribute, values: list[str]) -> bool:
    if len(values) > MOST_VALUES or any(len(value) > MOST_VALUE for value in values):
        return False
    if one.datatype != "multivaluelist" and len(values) > 1:
        return False
    return one.datatype not in LISTS or set(values) <= {key for key, _names in one.values}
