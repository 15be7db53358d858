"""Which answers may name a person, and what is left of a response without them."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from surveys.questionnaires.logic import dependencies
from surveys.questionnaires.schema import Questionnaire
from surveys.questionnaires.services import load_version
from surveys.questionnaires.state import order_name

NAMING: Final = frozenset({"text", "barcode", "geopoint", "image"})
"""Types whose answers are erased with the free texts."""
_COMPUTED: Final = frozenset({"calculate", "hidden"})


def harmless(q: Questionnaire) -> frozenset[str]:
    """Names of answers that stay. Whatever this version does not know is not among them."""
    graph = dependencies(q)
    naming = {question.name for question in q.questions if question.type in NAMING}
    # A calculation may repeat a text, also by way of another calculation.
    computed = {question.name for question in q.questions if question.type in _COMPUTED}
    while found := {name for name in computed - naming if graph[name] & naming}:
        naming |= found
    orders = {order_name(question.name) for question in q.questions if question.randomize}
    return frozenset({question.name for question in q.questions} - naming | orders)


@lru_cache(maxsize=128)
def _harmless(version_id: int) -> tuple[frozenset[str], frozenset[str]]:
    q = load_version(version_id)
    return harmless(q), frozenset(q.repeat_by_name)


def without_texts(version_id: int, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers to a version without what may name a person; rounds of repeats stay rounds."""
    names, repeats = _harmless(version_id)
    kept: dict[str, Any] = {}
    for name, value in answers.items():
        if name in repeats and isinstance(value, list):
            kept[name] = [
                {each: row[each] for each in row if each in names}
                for row in value
                if isinstance(row, Mapping)
            ]
        elif name in names:
            kept[name] = value
    return kept
