"""Questionnaires as JSON. Format 1 is what was written before repeats, dates and filters; it is
read for ever, for published versions never change."""

from collections.abc import Mapping
from typing import Any, Final

from .schema import QUESTION_TYPES, Choice, Page, Question, Questionnaire, Repeat

FORMAT: Final = 2
READABLE: Final = frozenset({1, 2})
_TEXTS: Final = (
    "label", "hint", "required_message", "constraint_message", "guidance", "image",
)  # fmt: skip
_STRINGS: Final = (
    "relevant", "constraint", "calculation", "default", "appearance", "choice_filter", "seed",
    "default_expression", "matrix",
)  # fmt: skip


def to_json(form: Questionnaire) -> dict[str, Any]:
    """Empty fields left out."""
    return {
        "format": FORMAT,
        "title": dict(form.title),
        "languages": list(form.languages),
        "default_language": form.default_language,
        **_filled(form_id=form.form_id, version=form.version),
        "pages": [
            {
                "name": page.name,
                **_filled(
                    label=dict(page.label),
                    relevant=page.relevant,
                    appearance=page.appearance,
                    repeat=page.repeat,
                ),
                "questions": [_question_json(question) for question in page.questions],
            }
            for page in form.pages
        ],
        **_filled(
            repeats=[
                {
                    "name": each.name,
                    **_filled(label=dict(each.label), count=each.count, relevant=each.relevant),
                }
                for each in form.repeats
            ],
            tables={name: [dict(row) for row in rows] for name, rows in form.tables.items()},
        ),
    }


def from_json(data: Mapping[str, Any]) -> Questionnaire:
    """The inverse. Raises ValueError for what `to_json` cannot have written."""
    try:
        if data["format"] not in READABLE:
            raise ValueError(f"questionnaire format {data['format']!r} is not known")
        return Questionnaire(
            title=_texts(data["title"]),
            languages=tuple(str(code) for code in data["languages"]),
            default_language=str(data["default_language"]),
            form_id=str(data.get("form_id", "")),
            version=str(data.get("version", "")),
            pages=tuple(_page(page) for page in data["pages"]),
            repeats=tuple(
                Repeat(
                    str(each["name"]),
                    _texts(each.get("label", {})),
                    str(each.get("count", "")),
                    str(each.get("relevant", "")),
                )
                for each in data.get("repeats", ())
            ),
            tables={
                str(name): tuple(_texts(row) for row in rows)
                for name, rows in data.get("tables", {}).items()
            },
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a questionnaire: {error!r}") from error


def _filled(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def _question_json(question: Question) -> dict[str, Any]:
    return {
        "name": question.name,
        "type": question.type,
        **_filled(
            **{key: dict(getattr(question, key)) for key in _TEXTS},
            **{key: getattr(question, key) for key in _STRINGS},
            required=question.required,
            read_only=question.read_only,
            choices=[_choice_json(choice) for choice in question.choices],
            or_other=question.or_other,
            randomize=question.randomize,
            bounds=list(question.bounds) if question.bounds else None,
        ),
    }


def _choice_json(choice: Choice) -> dict[str, Any]:
    return {
        "name": choice.name,
        "label": dict(choice.label),
        **_filled(columns=dict(choice.columns), image=dict(choice.image)),
    }


def _texts(data: Mapping[str, Any]) -> dict[str, str]:
    return {str(language): str(text) for language, text in data.items()}


def _page(data: Mapping[str, Any]) -> Page:
    return Page(
        name=str(data["name"]),
        label=_texts(data.get("label", {})),
        relevant=str(data.get("relevant", "")),
        appearance=str(data.get("appearance", "")),
        questions=tuple(_question(question) for question in data["questions"]),
        repeat=str(data.get("repeat", "")),
    )


def _question(data: Mapping[str, Any]) -> Question:
    if data["type"] not in QUESTION_TYPES:
        raise ValueError(f"question type {data['type']!r} is not known")
    texts: dict[str, Any] = {key: _texts(data.get(key, {})) for key in _TEXTS}
    strings: dict[str, Any] = {key: str(data.get(key, "")) for key in _STRINGS}
    bounds = data.get("bounds")
    return Question(
        name=str(data["name"]),
        type=data["type"],
        **texts,
        **strings,
        required=_yes_or_expression(data.get("required", False)),
        read_only=_yes_or_expression(data.get("read_only", False)),
        choices=tuple(
            Choice(
                str(choice["name"]),
                _texts(choice.get("label", {})),
                _texts(choice.get("columns", {})),
                _texts(choice.get("image", {})),
            )
            for choice in data.get("choices", ())
        ),
        or_other=bool(data.get("or_other", False)),
        randomize=bool(data.get("randomize", False)),
        bounds=(float(bounds[0]), float(bounds[1]), float(bounds[2])) if bounds else None,
    )


def _yes_or_expression(value: Any) -> bool | str:
    return value if isinstance(value, bool) else str(value)
