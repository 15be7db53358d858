"""The sample of a draft as a form. Keeps what was typed."""

from collections.abc import Sequence
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectMultipleField, StringField
from wtforms.validators import Length
from wtforms.widgets import CheckboxInput, ListWidget

from portal.i18n import LazyText, _, _l
from portal.text import ascii_digits
from surveys.sampling.drawing import Stratum
from surveys.sampling.plans import ALLOCATIONS, DIMENSIONS, MAX_SIZE, Plan

ALLOCATION_NAMES: dict[str, LazyText] = {
    "proportional": _l("In proportion to the stratum"),
    "equal": _l("The same number of each stratum"),
    "fixed": _l("A number for each stratum, typed below"),
}
DIMENSION_NAMES: dict[str, LazyText] = {
    "neighbourhood": _l("Neighbourhood"),
    "language": _l("Language"),
    "tag": _l("Tag"),
}


def typed_number(text: str) -> int | None:
    """A whole number however its digits were typed; None for anything else."""
    plain = ascii_digits(text).strip().replace(",", "").replace("٬", "")
    good = plain.isascii() and plain.isdigit() and len(plain) <= 9
    return int(plain) if good and int(plain) <= MAX_SIZE else None


class SampleForm(FlaskForm):  # type: ignore[misc]
    """Strata, sizes and seed."""

    dimensions = SelectMultipleField(
        _l("Strata by"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    tags = SelectMultipleField(
        _l("Tags that make strata"),
        description=_l("Whoever holds several belongs to the first of them, the others to none."),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validate_choice=False,
    )
    allocation = RadioField(_l("How many of each stratum"))
    size = StringField(
        _l("People in the sample"),
        description=_l("Not needed where you type a number for each stratum."),
        validators=[Length(max=20)],
    )
    seed = StringField(
        _l("Seed"),
        description=_l(
            "The same seed over the same people draws the same sample. Empty: one is made."
        ),
        validators=[Length(max=64)],
    )

    def __init__(self, *args: Any, tags: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dimensions.choices = [(name, DIMENSION_NAMES[name]) for name in DIMENSIONS]
        self.allocation.choices = [(name, ALLOCATION_NAMES[name]) for name in ALLOCATIONS]
        self.tags.choices = [(tag, tag) for tag in tags]
        self.offered = frozenset(tags)

    def plan(self) -> Plan:
        """The plan as typed; call `check` to know whether it can be kept."""
        allocation = self.allocation.data if self.allocation.data in ALLOCATIONS else ALLOCATIONS[0]
        return Plan(
            dimensions=tuple(each for each in DIMENSIONS if each in (self.dimensions.data or ())),
            tags=tuple(tag for tag in self.tags.data or () if tag in self.offered),
            allocation=allocation,
            size=typed_number(self.size.data or "") or 0,
            sizes=_typed_sizes(),
        )

    def check(self, plan: Plan, strata: Sequence[Stratum]) -> bool:
        """Whether the plan draws somebody; says at the field why not."""
        if plan.allocation != "fixed" and not plan.size:
            self.size.errors = [_("Write how many people, as a number.")]
        elif plan.allocation == "fixed" and not any(each.wanted for each in strata):
            self.allocation.errors = [_("Type a number for at least one stratum below.")]
        if "tag" in plan.dimensions and not plan.tags:
            self.tags.errors = [_("Choose at least one tag.")]
        return not (self.size.errors or self.allocation.errors or self.tags.errors)


def _typed_sizes() -> dict[str, int]:
    """Fields size-0, size-1 … with their keys in key-0, key-1 …"""
    found: dict[str, int] = {}
    for name, key in request.form.items():
        if name.startswith("key-"):
            number = typed_number(request.form.get(f"size-{name[4:]}", ""))
            if number:
                found[key[:600]] = number
    return found
