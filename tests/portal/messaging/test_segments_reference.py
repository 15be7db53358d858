"""Our count beside sms-segments-calculator's: a committed corpus, and the package where it is."""

import json
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from portal.messaging.segments import count
from tools.compare_segments import CORPUS, Reference, explained, generated, reference

PACKAGE = Path(os.environ.get("SEGMENTS_PACKAGE", "/nowhere"))


def test_the_corpus_agrees_but_for_what_is_explained() -> None:
    rows = json.loads(CORPUS.read_text(encoding="utf-8"))
    kinds = Counter(explained(text, Reference(*said)) for text, *said in rows)
    assert len(rows) == 2000
    assert kinds[""] == 0, [text for text, *said in rows if not explained(text, Reference(*said))]
    assert kinds["agrees"] >= 1900
    assert kinds["clusters"] >= 10, "the corpus holds cases in which the reference is wrong"
    assert kinds["empty"] == 1


def test_a_cluster_is_split_where_a_part_ends() -> None:
    """The reference says 3 parts here. Two code points of one letter are two UTF-16 units to the
    network, which knows nothing of letters: 134 units are two parts of 67."""
    text = "م" * 66 + "ه\u0654" + "م" * 66
    assert (count(text).units, count(text).segments) == (134, 2)
    assert explained(text, Reference("UCS-2", 3, 2)) == "clusters"
    assert explained(text, Reference("UCS-2", 3, 3)) == "", "not explained by that rule"


def test_wide_characters_are_never_split() -> None:
    assert count("a" * 152 + "€" + "a" * 152).segments == 3
    assert count("م" * 66 + "😀" + "م" * 66).segments == 3


@pytest.mark.skipif(
    not shutil.which("node") or not (PACKAGE / "node_modules/sms-segments-calculator").exists(),
    reason="SKIPPED: needs node, and SEGMENTS_PACKAGE, a folder with sms-segments-calculator",
)
def test_twenty_thousand_texts_agree() -> None:
    texts = generated(20_000)
    said = reference(PACKAGE, texts)
    assert [text for text, each in zip(texts, said, strict=True) if not explained(text, each)] == []
