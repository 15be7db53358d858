"""What the templates of a survey page are given: plain values, in one language."""

from dataclasses import dataclass

from markupsafe import Markup

from portal.i18n import direction

from .controls import Part


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it is shown. `lang` is empty where it is in the page's own language."""

    text: str
    lang: str = ""

    @property
    def dir(self) -> str:
        """Direction of a text in another language than the page's."""
        return direction(self.lang[:2]) if self.lang else ""

    @property
    def plain(self) -> str:
        """Without elements, for an attribute."""
        return self.text.striptags() if isinstance(self.text, Markup) else self.text

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines() or [""]

    def __bool__(self) -> bool:
        return bool(self.text)


NO_TEXT = Text("")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture beside a text, which is its text alternative. Sizes in pixels."""

    name: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a question."""

    id: str
    value: str
    label: Text
    is_chosen: bool
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A question or note of a page. `kind`: note heading fixed text textarea number decimal radio
    checkbox select parts photo."""

    name: str
    kind: str
    label: Text
    hint: Text
    is_required: bool = False
    value: str = ""
    options: tuple[Option, ...] = ()
    error: str = ""
    is_short: bool = False
    has_none: bool = False
    """Whether "no answer" is offered: a radio once chosen cannot be taken back otherwise."""
    guidance: Text = NO_TEXT
    parts: tuple[Part, ...] = ()
    layout: str = ""
    """How options lie: scale (side by side where there is room), steps (small boxes), columns;
    of parts: date, rank, place."""
    opens_table: bool = False
    closes_table: bool = False
    """For a row of a table: whether it is the first, the last."""
    picture: Picture | None = None
    table_label: str = ""
    """Id of the heading that names the table."""
    pool: tuple[Option, ...] = ()
    """All choices, where the script changes which are offered."""
    is_hidden: bool = False
    """Sent along unseen, for the script to show."""

    @property
    def inputmode(self) -> str:
        return {"number": "numeric", "decimal": "decimal"}.get(self.kind, "")

    @property
    def id(self) -> str:
        return f"q-{self.name}"

    @property
    def anchor(self) -> str:
        """Where a link to the answer leads: the control, or the first of a group."""
        if self.parts:
            return self.parts[0].id
        return self.options[0].id if self.kind in {"radio", "checkbox", "row"} else self.id

    @property
    def box(self) -> str:
        """Of a row of a table: the kind of its boxes."""
        return "checkbox" if self.layout == "many" else "radio"

    @property
    def described_by(self) -> str:
        parts = [f"{self.id}-hint"] * bool(self.hint) + [f"{self.id}-error"] * bool(self.error)
        return " ".join(parts)
