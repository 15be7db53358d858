"""The JavaScript twin of the evaluator gives the values that Python gives."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from playwright.sync_api import Page

from surveys.questionnaires.expressions import parse, to_tree
from tests.surveys.questionnaires.world import (
    ODK,
    UNLIKE,
    XPATH,
    browser_context,
    is_close,
    odk,
    value_of,
    xpath1,
)

pytestmark = [pytest.mark.browser, pytest.mark.surveys]

ROUNDED = 1e-14
"""How far pow(), exp(), logarithms and angles of two machines may be apart."""
EVALUATE = """
([trees, world]) => trees.map(tree => {
  const context = Object.assign({lookup: name => world.values[name]}, world);
  let value;
  try { value = PasokhLogic.evaluate(tree, context); }
  catch (error) {
    if (error instanceof TypeError) return {type: 'defect', value: String(error)};
    return {type: 'error', value: null};
  }
  if (Array.isArray(value)) return {type: 'nodeset', value: Array.from(value)};
  const isWritten = typeof value !== 'number' || Number.isFinite(value);
  return {type: typeof value, value: isWritten ? value : String(value)};
})
"""


@pytest.fixture
def twin(live: str, open_page: Callable[..., Page]) -> Callable[[list[Any]], list[dict[str, Any]]]:
    """Evaluate trees in the browser."""
    page = open_page()
    page.goto(f"{live}/healthz")
    page.add_script_tag(url=f"{live}/static/js/survey-logic.js")
    return lambda trees: page.evaluate(EVALUATE, [trees, browser_context()])


def unlike(
    texts: list[str], twin: Callable[[list[Any]], list[dict[str, Any]]]
) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(expression, by Python, by JavaScript) where they differ in value or type."""
    trees = [(text, to_tree(parse(text))) for text in texts]
    portable = [(text, tree) for text, tree in trees if tree is not None]
    values = twin([tree for _text, tree in portable])
    ours = [value_of(text) for text, _tree in portable]
    return [
        (text, one, other)
        for (text, _tree), one, other in zip(portable, ours, values, strict=True)
        if not is_close(one, other, ROUNDED)
    ]


def test_the_whole_corpus(twin: Callable[[list[Any]], list[dict[str, Any]]]) -> None:
    texts = [text for text, _value in XPATH + UNLIKE + ODK]
    left_out = [text for text in texts if to_tree(parse(text)) is None]
    assert all(text.startswith(("digest(", "base64-decode(")) for text in left_out), left_out
    assert len(texts) - len(left_out) > 700
    assert unlike(texts, twin) == []


def test_several_hundred_random_expressions(
    twin: Callable[[list[Any]], list[dict[str, Any]]],
) -> None:
    texts: list[str] = []

    @given(xpath1(), odk(), odk())
    @settings(
        max_examples=200,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def draw(pure: str, one: str, other: str) -> None:
        texts.extend((pure, one, other))

    draw()
    assert len(texts) >= 300
    assert unlike(texts, twin) == []
