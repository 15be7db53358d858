"""`python -m tools.compare_segments`: our count of SMS parts beside a reference implementation.

For developers alone: needs node and the npm package sms-segments-calculator in a folder of yours.

    npm install --prefix FOLDER sms-segments-calculator@1.3.0
    python -m tools.compare_segments --package FOLDER [--texts 20000] [--write]

Prints one JSON document; exit 1 where a disagreement is not one of the explained kinds. `--write`
makes the committed corpus anew (tests/portal/messaging/segment_corpus.json).
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from portal.messaging.segments import count

CORPUS = Path(__file__).parent.parent / "tests/portal/messaging/segment_corpus.json"
CORPUS_SIZE = 2000
LONGEST = 330
SEED = 137

# `whole`: as the package counts. `split`: its own packer, given code points instead of grapheme
# clusters.
_SCRIPT = """
const { SegmentedMessage } = require(process.argv[1] + '/node_modules/sms-segments-calculator');
const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(texts.map((text) => {
  const whole = new SegmentedMessage(text);
  const split = whole._buildSegments(whole._encodeChars(Array.from(text)));
  return [whole.encodingName, whole.segmentsCount, split.length];
})));
"""

_FA = [
    "شهروند",
    "گرامی،",
    "نظر",
    "شما",
    "دربارهٔ",
    "بودجهٔ",
    "محله",
    "چیست؟",
    "می\u200cخواهم",
    "پنج\u200cشنبه",
    "۱۴۰۵/۰۹/۰۵",
    "",
]
_AR = ["عزيزي", "المواطن،", "ما", "رأيك", "في", "ميزانية", "الحي؟", "مُلاحظة", "إلغاء", "١١", "شكرًا"]
_EN = [
    "Dear",
    "citizen,",
    "what",
    "is",
    "your",
    "opinion",
    "of",
    "the",
    "budget?",
    "[€5]",
    "{a|b}",
    "~^",
    "@home",
    "£3",
    "Ñandú",
    "\\",
]
_EMOJI = ["😀", "🏙️", "👩\u200d🚒", "👍🏽", "🇮🇷", "1️⃣", "❤️", "👨\u200d👩\u200d👧\u200d👦"]
_ODD = ["’", "“", "…", "–", "•", "é", "e\u0301", "ç", "\u00a0", "\n", "\r\n", "\f", "\x1b"]
_ENDINGS = ["", "", "\nلغو11", "\nyazd.ir/s/7K3MQ9XFABC\nلغو11", "\nyazd.ir/s/7K3MQ9XFABC"]


def generated(number: int, seed: int = SEED) -> list[str]:
    """So many different texts in Persian, Arabic, English and with emoji; the same for a seed."""
    rng = random.Random(seed)  # noqa: S311 (test data)
    found = {"": None}
    while len(found) < number:
        found[_one(rng)] = None
    return list(found)


def _one(rng: random.Random) -> str:
    kind = rng.randrange(6)
    words = (_FA, _AR, _EN, _EN, [*_FA, *_EMOJI], [*_EN, *_EMOJI, *_ODD])[kind]
    if rng.random() < 0.25:  # close to the end of a part, with something wide about it
        letter, wide = ("a", "€") if kind in (2, 3) else ("م", rng.choice(_EMOJI))
        single, multi = (160, 153) if kind in (2, 3) else (70, 67)
        end = rng.choice((single, multi, 2 * multi, 3 * multi))
        return (
            letter * max(0, end - rng.randrange(6))
            + wide * rng.randrange(3)
            + letter * rng.randrange(2 * multi)
        )
    size = rng.choice((20, 70, 160, 320, 700))
    text = ""
    while len(text) < size * rng.random():
        text += rng.choice(words) + rng.choice((" ", " ", " ", "", "\n"))
    return text + rng.choice(_ENDINGS)


@dataclass(frozen=True, slots=True)
class Reference:
    """What the package says of a text: `whole` as it counts, `split` without its clusters."""

    encoding: str
    whole: int
    split: int


def explained(text: str, said: Reference) -> str:
    """How our count relates to the reference's: agrees, a rule by which it is wrong, or "".

    empty: it counts one part for no text at all; no gateway sends that.
    clusters: it moves a whole cluster (an emoji of several, a letter with its mark) into the next
    part. Networks split at UTF-16 units and keep only surrogate pairs together, so its own packer
    must agree with us when it is given code points.
    """
    ours = count(text)
    if not text:
        return "empty" if (ours.segments, said.whole) == (0, 1) else ""
    if ours.encoding != said.encoding or ours.segments != said.split:
        return ""
    return "agrees" if said.whole == said.split else "clusters"


def reference(package: Path, texts: list[str]) -> list[Reference]:
    """The package's counts. CalledProcessError where node or the package does not run."""
    node = shutil.which("node") or "node"
    done = subprocess.run(  # noqa: S603 (a developer's own node)
        [node, "-e", _SCRIPT, str(package.resolve())],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    return [Reference(*each) for each in json.loads(done.stdout)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.compare_segments")
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    installed = given.package / "node_modules/sms-segments-calculator/package.json"
    if not shutil.which("node") or not installed.exists():
        sys.stderr.write("SKIPPED: node or the npm package sms-segments-calculator is missing\n")
        return 0
    texts = generated(given.texts)
    said = reference(given.package, texts)
    kinds = [explained(text, each) for text, each in zip(texts, said, strict=True)]
    wrong = [text for text, kind in zip(texts, kinds, strict=True) if not kind]
    version = json.loads(installed.read_text())["version"]
    found = dict(sorted(Counter(kind or "unexplained" for kind in kinds).items()))
    sys.stdout.write(
        json.dumps(
            {
                "reference": f"sms-segments-calculator {version}",
                "texts": len(texts),
                **found,
            }
        )
        + "\n"
    )
    for text in wrong[:10]:
        sys.stderr.write(f"unexplained: {text!r}\n")
    if given.write:
        _write(texts, said)
    return 1 if wrong else 0


def _write(texts: list[str], said: list[Reference]) -> None:
    """The corpus: every odd text, and of the others those that are not too long for a file."""
    rows = dict(zip(texts, said, strict=True))
    order = sorted(rows, key=lambda text: rows[text].whole == rows[text].split)
    chosen = [text for text in order if len(text) <= LONGEST][:CORPUS_SIZE]
    lines = [
        json.dumps([text, *asdict(rows[text]).values()], ensure_ascii=False) for text in chosen
    ]
    CORPUS.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
