"""The survey path works on Chrome 69: what its sheet and scripts use existed in September 2018.

`SINCE` has the first Chrome that knows a feature (MDN's compatibility tables). What an old browser
may leave out without harm is not in it: accent-color, prefers-color-scheme, color-scheme.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OLDEST = 69
CSS_SINCE = {
    r"[;{\s](?:row-|column-)?gap\s*:": 84,  # in flex; in grid 57, but the sheet has no grid
    r"aspect-ratio\s*:": 88,
    r"[;{\s]inset(?:-[a-z-]+)?\s*:": 87,
    r"(?:margin|padding)-(?:inline|block)\s*:": 87,
    r"border-(?:inline|block)(?:-(?:color|style|width))?\s*:": 87,
    r"border-(?:start|end)-(?:start|end)-radius": 89,
    r"\b(?:clamp|min|max)\(": 79,
    r":is\(|:where\(": 88,
    r":has\(": 105,
    r":not\([^)]*,": 88,
    r":focus-visible": 86,
    r"overflow-wrap\s*:\s*anywhere": 80,
    r"overflow(?:-x|-y)?\s*:\s*clip": 90,
    r"\b\d*\.?\d+(?:dvh|svh|lvh|dvw|svw|lvw|cqw|cqh|lh|rlh)\b": 108,
    r"@(?:layer|container|property|scope|starting-style)": 85,
    r"color-mix\(|\boklch\(|\boklab\(|light-dark\(": 111,
    r"(?:float|clear)\s*:\s*inline-": 118,
    r"text-wrap\s*:|field-sizing\s*:": 114,
    r"content-visibility\s*:|contain-intrinsic": 85,
    r"backdrop-filter\s*:": 76,
    r"translate\s*:|rotate\s*:|scale\s*:": 104,
    r"justify-content\s*:\s*(?:start|end)|align-items\s*:\s*(?:start|end)": 93,
    r"text-underline-offset\s*:|text-decoration-thickness\s*:": 87,
    r"scroll-margin|scroll-padding": 69,
    r"(?:^|[;{}])\s*&": 112,
    r"(?:width|height)\s*:\s*(?:stretch|fit-content\()": 138,
    r"@media[^{]*(?:[<>]=?)": 104,
    r"prefers-reduced-motion": 74,
    r"forced-colors": 89,
}
HARMLESS = {"prefers-reduced-motion", "forced-colors"}
"""Media queries: an old browser skips the block."""
JS_SINCE = {
    r"\?\.[a-zA-Z_$\[(]": 80,
    r"\?\?": 80,
    r"\|\|=|&&=": 85,
    r"\.replaceAll\(": 85,
    r"\.at\(": 92,
    r"\.(?:flatMap|flat)\(": 69,
    r"Object\.fromEntries\(": 73,
    r"\.matchAll\(": 73,
    r"\bglobalThis\b": 71,
    r"Promise\.(?:allSettled|any)\(": 76,
    r"\bqueueMicrotask\(": 71,
    r"\.requestSubmit\(": 76,
    r"\bstructuredClone\(": 98,
    r"Object\.hasOwn\(": 93,
    r"\.(?:toSorted|toReversed|toSpliced|findLast|findLastIndex)\(": 97,
    r"\.replaceChildren\(": 86,
    r"\d_\d": 75,
    r"^\s*(?:static\s+)?#[a-z]\w*\s*[=(;]": 74,
    r"\bIntl\.(?:ListFormat|DisplayNames|Segmenter|RelativeTimeFormat)\b": 71,
    r"\bimport\s*\(|\bimport\.meta\b": 63,
    r"crypto\.randomUUID": 92,
    r"/[a-z]*[vd][a-z]*[;,)]\s*$": 90,  # flags of regular expressions: d (90), v (112)
}


def too_new(text: str, since: dict[str, int]) -> list[str]:
    """What a text uses that Chrome 69 does not know."""
    return [
        f"{found.group().strip()} (Chrome {version})"
        for pattern, version in since.items()
        if version > OLDEST and pattern not in HARMLESS
        for found in re.finditer(pattern, text, re.M)
    ]


def plain_css(sheet: str) -> str:
    return re.sub(r"/\*.*?\*/", "", sheet, flags=re.S)


def plain_js(script: str) -> str:
    """Without comments and without strings, where anything may stand."""
    comments = r"/\*.*?\*/|(?<!:)//[^\n]*"
    strings = r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
    return re.sub(f"{strings}|{comments}", '""', script, flags=re.S)


def templates() -> list[Path]:
    """Those of the survey path: the layout, what extends it, and what those import."""
    everything = [*ROOT.glob("portal/templates/**/*.html"), *ROOT.glob("surveys/**/*.html")]
    found = {
        path
        for path in everything
        if "layouts/survey.html" in path.read_text() or path.name == "survey.html"
        if "staff.html" not in path.read_text()
    }
    names = {
        name
        for path in found
        for name in re.findall(r"\{%\s*(?:import|from|include)\s*'([^']+)'", path.read_text())
    }
    found |= {path for path in everything if any(str(path).endswith(f"/{name}") for name in names)}
    return sorted(found)


def loaded(suffix: str) -> list[Path]:
    """Static files that those templates name."""
    names = {
        name
        for path in templates()
        for name in re.findall(rf"[\"']([\w/.\-]+\.{suffix})[\"']", path.read_text())
    }
    files = sorted(ROOT.glob(f"portal/static/**/*.{suffix}"))
    return [path for path in files if any(str(path).endswith(f"static/{name}") for name in names)]


def test_the_survey_path_is_found() -> None:
    names = {path.name for path in templates()}
    assert {"survey.html", "page.html", "message.html", "_fields.html"} <= names
    assert [path.name for path in loaded("css")] == ["ballot.css", "survey.css"]


@pytest.mark.parametrize("path", loaded("css"), ids=lambda path: path.name)
def test_the_sheet_is_old_enough(path: Path) -> None:
    assert too_new(plain_css(path.read_text()), CSS_SINCE) == []


def test_the_phone_of_an_interviewer_or_a_field_supervisor_may_be_as_old() -> None:
    static = ROOT / "portal/static"
    scripts = [*static.glob("js/interview-*.js"), *static.glob("js/field-*.js")]
    scripts += [static / "js/device-guard.js", static / "js/offline-worker.js"]
    assert len(scripts) == 10
    for path in scripts:
        assert too_new(plain_js(path.read_text()), JS_SINCE) == [], path.name
    for name in ("interview", "field"):
        sheet = (static / f"css/{name}.css").read_text()
        assert too_new(plain_css(sheet), CSS_SINCE) == []


def test_scripts_are_old_enough() -> None:
    guilty = {
        path.name: found
        for path in loaded("js")
        if (found := too_new(plain_js(path.read_text()), JS_SINCE))
    }
    assert guilty == {}


@pytest.mark.parametrize(
    "css",
    [
        "a{display:flex;gap:1rem}",
        "a{aspect-ratio:1}",
        "a{inset:0}",
        "a{inset-inline-start:0}",
        "a{margin-inline:auto}",
        "a{padding-block: 1rem}",
        "a{border-inline:1px solid}",
        "a{width:min(100%,3rem)}",
        "a{font-size:clamp(1rem,2vw,2rem)}",
        "a:is(b,c){}",
        "a:has(b){}",
        "a:not(b,c){}",
        "a{height:100dvh}",
        "@layer x{}",
        "a{&:hover{color:red}}",
        "@media (width >= 40em){}",
        "a{overflow-wrap:anywhere}",
    ],
)
def test_the_scan_finds_what_is_too_new(css: str) -> None:
    assert too_new(plain_css(css), CSS_SINCE) != []


@pytest.mark.parametrize(
    "css",
    [
        "a{margin-inline-start:1rem;padding-inline-end:0}",
        "a{box-shadow:inset 0 -3px 0 red}",
        "a{min-height:48px;max-width:40rem}",
        "a{border-top-left-radius:3px}",
        "/* no gap: here */",
        "@media (min-width:40em){a{display:flex}}",
    ],
)
def test_the_scan_lets_the_old_pass(css: str) -> None:
    assert too_new(plain_css(css), CSS_SINCE) == []


@pytest.mark.parametrize(
    ("script", "is_new"),
    [
        ("a?.b", True),
        ("x ?? y", True),
        ("s.replaceAll('a','b')", True),
        ("list.at(-1)", True),
        ("'a?.b' // x ?? y", False),
        ("c ? .5 : 1", False),
        ("const {a, ...rest} = b; for (const x of a) f(x)", False),
    ],
)
def test_the_scan_of_scripts(script: str, is_new: bool) -> None:
    assert bool(too_new(plain_js(script), JS_SINCE)) is is_new
