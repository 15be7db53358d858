"""The form of one question: plain fields that work without script.

A button that is not "save" (add, move or remove a choice) shows the form again with everything
typed; nothing is stored before the person saves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.text import ascii_digits
from surveys.editor.labels import TYPES

TEXTS = ("label", "hint", "required_message", "constraint_message")
MOST_CHOICES = 200
SELECTS = ("select_one", "select_multiple", "rank")


@dataclass
class ChoiceRow:
    """`is_new`: its name can still be typed. Answers are stored under the name, so that of a
    choice that was published stays."""

    name: str
    label: dict[str, str]
    is_new: bool = True
    source: str = ""
    """Name of the choice in the draft that this row came from; empty for a new one."""


@dataclass
class QuestionForm:
    """What stands in the form. `required` is None where an expression decides."""

    name: str
    type: str
    languages: Sequence[str]
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    required: bool | None = False
    relevant: str = ""
    constraint: str = ""
    choices: list[ChoiceRow] = field(default_factory=list)

    @property
    def has_choices(self) -> bool:
        return self.type in SELECTS

    @classmethod
    def of(cls, question: Mapping[str, Any], languages: Sequence[str]) -> "QuestionForm":
        """What the draft says."""
        required = question.get("required", False)
        return cls(
            name=question["name"],
            type=question["type"],
            languages=languages,
            texts={key: dict(question.get(key) or {}) for key in TEXTS},
            required=required if isinstance(required, bool) else None,
            relevant=question.get("relevant", ""),
            constraint=question.get("constraint", ""),
            choices=[
                ChoiceRow(choice["name"], dict(choice.get("label") or {}), False, choice["name"])
                for choice in question.get("choices", ())
            ],
        )

    @classmethod
    def read(
        cls, form: Mapping[str, str], languages: Sequence[str], question: Mapping[str, Any] | None
    ) -> "QuestionForm":
        """What was typed; of a question that exists, name and type are the draft's."""
        known = {choice["name"] for choice in (question or {}).get("choices", ())}
        rows = []
        for number in range(_number(form.get("choices", "0"), MOST_CHOICES)):
            at = f"choice-{number}"
            source = form.get(f"{at}-source", "")
            source = source if source in known else ""
            rows.append(
                ChoiceRow(
                    source or form.get(f"{at}-name", "").strip(),
                    _typed(form, at, languages),
                    not source,
                    source,
                )
            )
        kind = form.get("type", "text")
        required = (question or {}).get("required", False)
        return cls(
            name=question["name"] if question else form.get("name", "").strip(),
            type=question["type"] if question else (kind if kind in TYPES else "text"),
            languages=languages,
            texts={key: _typed(form, key, languages) for key in TEXTS},
            required=None if isinstance(required, str) else "required" in form,
            relevant=form.get("relevant", "").strip(),
            constraint=form.get("constraint", "").strip(),
            choices=rows,
        )

    def apply(self, action: str) -> None:
        """`add`, `up:2`, `down:2` or `remove:2`: a change of the list of choices."""
        name, _, number = action.partition(":")
        at = _number(number, len(self.choices))
        if name == "add" and len(self.choices) < MOST_CHOICES:
            self.choices.append(ChoiceRow("", {}))
        elif at < len(self.choices):
            row = self.choices.pop(at)
            if name != "remove":
                self.choices.insert(max(at + (-1 if name == "up" else 1), 0), row)

    def question(self, old: Mapping[str, Any] | None) -> dict[str, Any]:
        """The question as JSON: what the form does not show stays as it was. Empty rows of choices
        are left out; a choice without a name gets one."""
        made: dict[str, Any] = dict(old or {"name": self.name, "type": self.type})
        _set(made, **{key: _words(self.texts.get(key, {}), made.get(key)) for key in TEXTS})
        _set(made, relevant=self.relevant, constraint=self.constraint)
        if self.required is not None:
            _set(made, required=self.required)
        if self.has_choices and (old is None or "choices" in old or self.choices):
            _set(made, choices=self._choices((old or {}).get("choices", ())))
        return made

    def _choices(self, old: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        before = {choice["name"]: choice for choice in old}
        taken = {row.name for row in self.choices if row.name}
        found = []
        for row in self.choices:
            if not row.name and not any(row.label.values()):
                continue
            name = row.name or next(
                name
                for n in range(1, len(self.choices) + len(taken) + 2)
                if (name := f"choice_{n}") not in taken
            )
            taken.add(name)
            choice = dict(before.get(row.source, {"name": name}))
            _set(choice, label=_words(row.label, choice.get("label")))
            found.append(choice)
        return found


def _typed(form: Mapping[str, str], prefix: str, languages: Sequence[str]) -> dict[str, str]:
    return {
        language: text
        for language in languages
        if (text := tidy(form.get(f"{prefix}-{language}", "")))
    }


def tidy(text: str) -> str:
    """As it is stored: browsers send CR LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()


def _words(typed: Mapping[str, str], old: Mapping[str, str] | None) -> dict[str, str]:
    """In the order of the old text, so that saving without a change changes nothing."""
    order = dict.fromkeys((*(old or {}), *typed))
    return {language: typed[language] for language in order if typed.get(language)}


def _set(made: dict[str, Any], **values: Any) -> None:
    """Empty values are not written, as in the JSON of a version."""
    for key, value in values.items():
        if value:
            made[key] = value
        else:
            made.pop(key, None)


def _number(text: str, most: int) -> int:
    plain = ascii_digits(text).strip()
    return min(int(plain), most) if plain.isascii() and plain.isdigit() and len(plain) < 6 else 0
