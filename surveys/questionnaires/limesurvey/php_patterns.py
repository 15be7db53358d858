"""PHP's regular expressions, which search, as patterns that match the whole answer."""

import re

from .expression_script import ScriptError

_ENDS = {"(": ")", "[": "]", "{": "}", "<": ">"}


def whole_pattern(pattern: str) -> str:
    """`/^[a-z]+/i` as `[a-zA-Z]+.*`. Raises ScriptError for flags that cannot be expressed."""
    text, flags = _without_delimiters(pattern.strip())
    if set(flags) - set("iuDs"):
        raise ScriptError(pattern)
    if "i" in flags:
        text = _any_case(text)
    branches = [_anchored(branch) for branch in _branches(text)]
    return branches[0] if len(branches) == 1 else f"({'|'.join(branches)})"


def _without_delimiters(text: str) -> tuple[str, str]:
    if not text or text[0].isalnum() or text[0] in "\\^.":
        return text, ""
    end = text.rfind(_ENDS.get(text[0], text[0]))
    flags = text[end + 1 :]
    if end <= 0 or not re.fullmatch(r"[a-zA-Z]*", flags):
        return text, ""
    return text[1:end].replace(f"\\{text[0]}", text[0] if text[0] == "/" else f"\\{text[0]}"), flags


def _anchored(branch: str) -> str:
    start = "" if branch.startswith("^") else ".*"
    branch = branch.removeprefix("^")
    if branch.endswith("$") and not branch.endswith("\\$"):
        return start + branch.removesuffix("$")
    return f"{start}{branch}.*"


def _pieces(text: str) -> list[str]:
    """The pattern in escapes, character classes and single characters."""
    return re.findall(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", text, re.DOTALL)


def _branches(text: str) -> list[str]:
    """The alternatives outside all parentheses."""
    found, depth = [""], 0
    for piece in _pieces(text):
        depth += (piece == "(") - (piece == ")")
        if piece == "|" and depth == 0:
            found.append("")
        else:
            found[-1] += piece
    return found


def _any_case(text: str) -> str:
    done: list[str] = []
    for piece in _pieces(text):
        if len(piece) == 1 and piece.isascii() and piece.isalpha() and done[-2:] != ["(", "?"]:
            done.append(f"[{piece.lower()}{piece.upper()}]")
        elif piece.startswith("["):
            done.append(re.sub(r"(\\.)|([a-z])-([a-z])|([A-Z])-([A-Z])|([a-zA-Z])", _both, piece))
        else:
            done.append(piece)
    return "".join(done)


def _both(found: re.Match[str]) -> str:
    if found[1]:
        return found[1]
    if found[6]:
        return f"{found[6].lower()}{found[6].upper()}"
    start, end = (found[2] or found[4]).lower(), (found[3] or found[5]).lower()
    return f"{start}-{end}{start.upper()}-{end.upper()}"
