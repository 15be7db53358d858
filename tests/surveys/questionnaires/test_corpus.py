"""Our evaluator beside elementpath, an XPath implementation that shares nothing with it."""

import re
from typing import Any
from xml.etree import ElementTree as ET

import elementpath
import pytest
from hypothesis import given, settings

from .world import ANSWERS, ODK, TABLES, UNLIKE, XPATH, value_of, xpath1
from .world import is_close as agree


def document() -> ET.ElementTree:
    """The answers and tables of the corpus as XML, as a form of ODK would hold them."""
    root = ET.Element("data")
    for name, raw in ANSWERS.items():
        if isinstance(raw, list) and isinstance(raw[0], dict):
            for round_ in raw:
                _fill(ET.SubElement(root, name), round_)
        else:
            text = " ".join(raw) if isinstance(raw, list) else "" if raw is None else str(raw)
            ET.SubElement(root, name).text = text
    for name, rows in TABLES.items():
        items = ET.SubElement(ET.SubElement(root, f"instance-{name}"), "root")
        for row in rows:
            _fill(ET.SubElement(items, "item"), row)
    return ET.ElementTree(root)


def _fill(element: ET.Element, cells: dict[str, Any]) -> None:
    for name, text in cells.items():
        ET.SubElement(element, name).text = str(text)


DOCUMENT = document()
IN_KIDS = set(ANSWERS["kids"][0])


def _path(found: re.Match[str]) -> str:
    return f"/data/kids/{found[1]}" if found[1] in IN_KIDS else f"/data/{found[1]}"


def theirs(text: str) -> dict[str, Any]:
    """{"value", "type"} by elementpath's parser of XPath 1.0."""
    pure = re.sub(r"\$\{(\w+)\}", _path, text)
    pure = re.sub(r"instance\('(\w+)'\)", r"/data/instance-\1", pure)
    value = elementpath.select(DOCUMENT, pure, parser=elementpath.XPath1Parser)
    if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], ET.Element):
        value = value[0]  # what stands in brackets comes as a sequence, as in XPath 2
    if isinstance(value, bool):
        return {"value": value, "type": "boolean"}
    if isinstance(value, list):
        return {"value": ["".join(node.itertext()) for node in value], "type": "nodeset"}
    if isinstance(value, str):
        return {"value": value, "type": "string"}
    return {"value": float(value), "type": "number"}


def test_the_corpus_is_as_large_as_promised():
    assert len({text for text, _value in XPATH}) >= 300
    assert len({text for text, _value in XPATH + UNLIKE + ODK}) >= 700


def test_300_expressions_agree_with_elementpath():
    """Every one of corpus/xpath1.json: ours, theirs, and the value written down."""
    # elementpath reckons with decimal fractions of 28 digits where literals are written.
    wrong = [
        (text, value_of(text), theirs(text), expected)
        for text, expected in XPATH
        if not (agree(value_of(text), expected) and agree(theirs(text), expected, 1e-14))
    ]
    assert wrong == []


@pytest.mark.parametrize(("text", "expected"), UNLIKE, ids=[text for text, _ in UNLIKE])
def test_where_elementpath_leaves_xpath_1_we_do_not(text, expected):
    assert value_of(text) == expected
    try:
        is_like = agree(theirs(text), expected, 1e-14)
    except elementpath.ElementPathError:
        is_like = False
    assert not is_like, "elementpath agrees by now: move the case to xpath1.json"


@pytest.mark.parametrize(("text", "expected"), ODK, ids=[text for text, _ in ODK])
def test_functions_of_odk_and_what_we_add(text, expected):
    assert agree(value_of(text), expected, 1e-15)


@given(xpath1())
@settings(max_examples=150, deadline=None)
def test_random_expressions_agree_with_elementpath(text):
    assert agree(value_of(text), theirs(text), 1e-12), text
