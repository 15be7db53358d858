"""The XLSForm that a survey becomes, and from where each of its rows came."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..workbook import Row, Sheet
from .document import Place

TEXTS = ("label", "hint", "constraint_message")
_PLAIN = (
    "type", "name", "required", "relevant", "constraint", "calculation", "choice_filter",
    "appearance", "default", "parameters",
)  # fmt: skip
_COLUMNS = {
    "type": "type", "name": "title", "label": "question", "hint": "help",
    "required": "mandatory", "relevant": "relevance", "constraint": "preg",
    "default": "defaultvalue",
}  # fmt: skip
"""XLSForm's column → the field of LimeSurvey's table of questions."""

_OTHER_COLUMNS = {
    "groups": {"label": "group_name", "relevant": "grelevance", "name": "gid"},
    "answers": {"label": "answer", "name": "code"},
    "surveys_languagesettings": {"label": "surveyls_title"},
}


@dataclass(frozen=True, slots=True)
class Origin:
    """What the author must look for: the place, and the code that LimeSurvey shows."""

    place: Place
    code: str

    def column(self, header: str | None) -> str | None:
        """The field of the file that a column of ours was filled from."""
        if header is None:
            return None
        key = header.partition("::")[0]
        columns = _OTHER_COLUMNS.get(self.place.table, _COLUMNS)
        return columns.get(key)


@dataclass(slots=True)
class Rows:
    """Rows of the three sheets. A cell with a language has the key (column, language)."""

    languages: Mapping[str, str]
    """LimeSurvey's code of each language → ours."""
    survey: list[dict[str, str | Mapping[str, str]]] = field(default_factory=list)
    survey_origins: list[Origin] = field(default_factory=list)
    choices: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    choice_origins: list[Origin] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)
    start: int = 0

    def add(self, origin: Origin, **cells: str | Mapping[str, str]) -> None:
        """A row of the survey. Texts are {LimeSurvey's language: text}."""
        self.survey.append(cells)
        self.survey_origins.append(origin)

    def begin(self) -> None:
        """Calculations made from here on stand before what is added from here on."""
        self.start = len(self.survey)

    def add_before(self, origin: Origin, **cells: str | Mapping[str, str]) -> None:
        """A row before the question that is being written, outside of its groups."""
        self.survey.insert(self.start, cells)
        self.survey_origins.insert(self.start, origin)
        self.start += 1

    def add_choice(
        self, origin: Origin, list_name: str, name: str, label: Mapping[str, str]
    ) -> None:
        """A choice; the list is there from its first choice."""
        self.lists.add(list_name)
        self.choices.append((list_name, name, label))
        self.choice_origins.append(origin)

    def sheets(self) -> dict[str, Sheet]:
        """The sheets as the reader of XLSForm wants them."""
        codes = list(self.languages)
        used = {key for row in self.survey for key, cell in row.items() if cell}
        texts = [key for key in TEXTS if key in used]
        plain = [key for key in _PLAIN if key in used | {"type", "name"}]
        header = [*plain, *(self._header(key, code) for key in texts for code in codes)]
        survey = [tuple(header)]
        for row in self.survey:
            cells = [str(row.get(key, "")) for key in plain]
            for key in texts:
                found = row.get(key) or {}
                cells += [
                    found.get(code, "") if isinstance(found, Mapping) else "" for code in codes
                ]
            survey.append(tuple(cell.strip() for cell in cells))
        choices = [("list_name", "name", *(self._header("label", code) for code in codes))]
        for list_name, name, label in self.choices:
            choices.append((list_name, name, *(label.get(code, "") for code in codes)))
        titles = {self._header("form_title", code): text for code, text in self.titles.items()}
        settings = {**self.settings, **titles}
        return {
            "survey": _sheet("survey", survey),
            "choices": _sheet("choices", choices),
            "settings": _sheet("settings", [tuple(settings), tuple(settings.values())]),
        }

    def _header(self, key: str, code: str) -> str:
        return f"{key}::{self.languages[code]} ({self.languages[code]})"

    def origin(self, sheet: str | None, row: int | None) -> Origin | None:
        """From where a row of ours came; rows count from 1, the header being the first."""
        found = {"survey": self.survey_origins, "choices": self.choice_origins}.get(sheet or "", [])
        return found[row - 2] if row is not None and 2 <= row < len(found) + 2 else None


def _sheet(title: str, rows: list[tuple[str, ...]]) -> Sheet:
    return Sheet(title, tuple(Row(number, cells) for number, cells in enumerate(rows, start=1)))
