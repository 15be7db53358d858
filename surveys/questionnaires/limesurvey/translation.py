"""ExpressionScript → XPath, as XLSForm has it.

What ExpressionScript means, https://www.limesurvey.org/manual/ExpressionScript_-_Presentation:
an unanswered question is an empty text; `==` compares numbers where both sides are numbers; a
text is true unless it is empty or "0"; a question that is not relevant makes an expression without
`.NAOK` false. Where XPath reads the same words otherwise, the translation spells it out.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from ..expressions.signatures import SIGNATURES
from .expression_script import (
    Binary,
    Call,
    Negative,
    Node,
    Not,
    Number,
    ScriptError,
    Text,
    Variable,
    parse,
)
from .php_patterns import whole_pattern

Type = Literal["boolean", "number", "text"]
MAX_RESULT = 9_000


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a variable stands for.

    `text` is XPath; `mark` the XPath condition of an option of a multiple choice, whose value
    in LimeSurvey is "Y" or empty; `label` the XPath of the answer as shown.
    """

    text: str
    type: Type = "text"
    mark: str = ""
    label: str = ""
    is_reference: bool = True
    """Whether `text` is one `${name}` and nothing else."""
    is_other_code: bool = False
    """Whether the answer may be "-oth-", which is `other` here."""


class Names(Protocol):
    """What the variables of a survey mean."""

    def one(self, name: str) -> Meaning | None:
        """The one answer that a name stands for, None where there is none."""

    def several(self, name: str) -> list[Meaning] | None:
        """All answers of `that.name`, `self` or a question of several."""

    def counted(self, name: str) -> str:
        """XPath of how many options of a multiple choice are chosen, "" for anything else."""

    def relevance(self, name: str) -> str:
        """XPath of the condition under which the question of a name is asked, "" for always."""


@dataclass(frozen=True, slots=True)
class Translated:
    """An XPath expression. `atom`: it needs no parentheses; `mark` as in Meaning; `reference`: it
    is one `${name}`; `other`: its "-oth-" is `other` here."""

    text: str
    type: Type
    atom: bool = False
    mark: str = ""
    reference: bool = False
    other: bool = False


def quoted(text: str) -> str:
    """An XPath literal; XPath has no escapes, so a text with both quotes is put together."""
    if "'" not in text:
        return f"'{text}'"
    if '"' not in text:
        return f'"{text}"'
    pieces = [f"'{piece}'" for piece in text.split("'")]
    return "concat(" + ', "\'", '.join(pieces) + ")"


def condition(text: str, names: Names) -> str:
    """XPath that is true exactly when the condition is; "" for always. Raises ScriptError."""
    if text.strip() in {"", "1"}:
        return ""
    translator = _Translator(names)
    found = translator.boolean(parse(text))
    around = [f"({part})" for part in translator.asked_before() if part != found]
    return _bounded(" and ".join([*around, f"({found})"]) if around else found)


def value(text: str, names: Names) -> Translated:
    """XPath of a value. Raises ScriptError."""
    found = _Translator(names).translate(parse(text))
    _bounded(found.text)
    return found


def _bounded(text: str) -> str:
    if len(text) > MAX_RESULT:
        raise ScriptError(text[:30])
    return text


def _unsupported(name: str) -> ScriptError:
    return ScriptError(f"{name}()")


class _Translator:
    def __init__(self, names: Names) -> None:
        self.names = names
        self.strict: list[str] = []
        """Names without `.NAOK` where an unasked question must not count as an empty answer."""
        self.negations = 0

    def asked_before(self) -> list[str]:
        """The conditions of questions that must have been asked for the whole to be true."""
        if not self.negations:
            return []
        found = (self.names.relevance(name) for name in dict.fromkeys(self.strict))
        return list(dict.fromkeys(text for text in found if text))

    def translate(self, node: Node) -> Translated:
        match node:
            case Number(text):
                return Translated(_number(text), "number", True)
            case Text(text):
                return Translated(quoted(text), "text", True)
            case Variable():
                return self._variable(node)
            case Not() | Binary(operator="and") | Binary(operator="or"):
                return Translated(self.boolean(node), "boolean")
            case Negative(operand):
                return Translated(f"-{self._in_parentheses(operand)}", "number")
            case Binary(operator, left, right):
                if operator in {"==", "!="}:
                    return Translated(self._equality(operator, left, right), "boolean")
                if operator in {"<", "<=", ">", ">="}:
                    return Translated(self._order(operator, left, right), "boolean")
                return self._arithmetic(operator, left, right)
            case Call(name, arguments):
                return self._call(name, arguments)

    def boolean(self, node: Node) -> str:
        match node:
            case Number(text):
                return "true()" if float(text) else "false()"
            case Text(text):
                return "false()" if text in {"", "0"} else "true()"
            case Not(operand):
                self.negations += 1
                return f"not({self.boolean(operand)})"
            case Binary(operator="and" | "or" as operator, left=left, right=right):
                sides = [
                    f"({self.boolean(side)})"
                    if isinstance(side, Binary) and side.operator in {"and", "or"} - {operator}
                    else self.boolean(side)
                    for side in (left, right)
                ]
                return f" {operator} ".join(sides)
            case Call("if", (test, one, two)):
                parts = ", ".join(map(self.boolean, (test, one, two)))
                return f"if({parts})"
        found = self.translate(node)
        if found.mark:
            return found.mark
        if found.type == "boolean":
            return found.text
        if found.type == "number" and not found.reference:
            return f"{found.text} != 0" if found.atom else f"({found.text}) != 0"
        return f"({found.text} != '' and {found.text} != '0')"

    def _variable(self, node: Variable) -> Translated:
        if set(node.suffixes) - {"NAOK", "shown", "code", "value", "valueNAOK"}:
            raise ScriptError(".".join((node.name, *node.suffixes)))
        meaning = self.names.one(node.name)
        if meaning is None:
            raise ScriptError(node.name)
        if not {"NAOK", "valueNAOK"} & set(node.suffixes):
            self.strict.append(node.name)
        if "shown" in node.suffixes and meaning.label:
            return Translated(meaning.label, "text", True)
        if meaning.mark:
            return Translated(meaning.text, "text", True, meaning.mark)
        return Translated(
            meaning.text,
            meaning.type,
            True,
            reference=meaning.is_reference,
            other=meaning.is_other_code,
        )

    def _in_parentheses(self, node: Node) -> str:
        found = self.translate(node)
        if found.type == "boolean":
            return f"number({found.text})"
        return found.text if found.atom else f"({found.text})"

    def _equality(self, operator: str, left: Node, right: Node) -> str:
        same = operator == "=="
        if not same:
            self.negations += 1
        for variable, literal in ((left, right), (right, left)):
            if isinstance(variable, Variable) and isinstance(literal, Text | Number):
                found = self.translate(variable)
                if found.mark and isinstance(literal, Text):
                    # An option is "Y" or empty: any other text is never equal to it.
                    if literal.value == "Y":
                        return found.mark if same else f"not({found.mark})"
                    if literal.value == "":
                        self.negations += 1
                        return f"not({found.mark})" if same else found.mark
                if found.other and isinstance(literal, Text) and literal.value == "-oth-":
                    return f"{found.text} {'=' if same else '!='} 'other'"
                if isinstance(literal, Text) and literal.value == "" and same:
                    self.negations += 1
        one, two = self._in_parentheses(left), self._in_parentheses(right)
        if self._is_numeric(left) and self._is_numeric(right):
            # Two node-sets would be compared as texts: 5 and 5.0 as different.
            if isinstance(left, Number) or isinstance(right, Number):
                return f"{one} {'=' if same else '!='} {two}"
            equal = f"(number({one}) = number({two}) or ({one} = '' and {two} = ''))"
            return equal if same else f"not{equal}"
        return f"{one} {'=' if same else '!='} {two}"

    def _is_numeric(self, node: Node) -> bool:
        return isinstance(node, Number) or (
            isinstance(node, Variable) and self.translate(node).type == "number"
        )

    def _order(self, operator: str, left: Node, right: Node) -> str:
        return f"{self._in_parentheses(left)} {operator} {self._in_parentheses(right)}"

    def _arithmetic(self, operator: str, left: Node, right: Node) -> Translated:
        if operator == "+":
            sides = [self.translate(left), self.translate(right)]
            if any(side.type == "text" and not side.reference for side in sides):
                # + joins where a side is no number.
                return Translated(f"concat({sides[0].text}, {sides[1].text})", "text", True)
        sign = "div" if operator == "/" else operator
        return Translated(
            f"{self._in_parentheses(left)} {sign} {self._in_parentheses(right)}", "number"
        )

    def _call(self, name: str, arguments: tuple[Node, ...]) -> Translated:
        if name in {"is_empty", "empty"} and len(arguments) == 1:
            self.negations += 1
            return Translated(self._is_empty(arguments[0]), "boolean")
        if name == "if" and len(arguments) == 3:
            test = self.boolean(arguments[0])
            one, two = self.translate(arguments[1]), self.translate(arguments[2])
            kind: Type = one.type if one.type == two.type else "text"
            return Translated(f"if({test}, {one.text}, {two.text})", kind, True)
        if name in {"count", "sum", "min", "max", "list", "join", "implode", "countif"}:
            return self._list_call(name, arguments)
        handler = _CALLS.get((name, len(arguments)))
        if name in _SAME and name in SIGNATURES:
            handler = _plain(name, "number")
        if handler is None:
            raise _unsupported(name)
        return handler(self, arguments)

    def _is_empty(self, node: Node) -> str:
        found = self.translate(node)
        if found.mark:
            return f"not({found.mark})"
        return f"{found.text} = ''" if found.atom else f"string({found.text}) = ''"

    def _items(self, nodes: Iterable[Node]) -> list[Meaning]:
        """The answers in a list of arguments, in which one name may stand for many."""
        found: list[Meaning] = []
        for node in nodes:
            if isinstance(node, Variable) and self.names.one(node.name) is None:
                several = self.names.several(node.name)
                if several is None:
                    raise ScriptError(node.name)
                found += several
                continue
            item = self.translate(node)
            found.append(Meaning(item.text, item.type, item.mark, is_reference=item.reference))
        return found

    def _list_call(self, name: str, arguments: tuple[Node, ...]) -> Translated:
        if name == "countif":
            wanted = self.text(arguments[0]) if arguments else ""
            return _sum(
                [
                    f"number({item.mark})"
                    if item.mark and wanted == quoted("Y")
                    else f"number({item.text} = {wanted})"
                    for item in self._items(arguments[1:])
                ]
            )
        if name in {"join", "implode", "list"}:
            first = self.text(arguments[0]) if arguments and name == "implode" else "', '"
            items = self._items(arguments[1:] if name == "implode" else arguments)
            texts = [item.text for item in items] or ["''"]
            if name == "join":
                return Translated(f"concat({', '.join(texts)})" if texts[1:] else texts[0], "text")
            return Translated(f"join({first}, {', '.join(texts)})", "text", True)
        only = arguments[0] if len(arguments) == 1 else None
        counted = self.names.counted(only.name) if isinstance(only, Variable) else ""
        if name == "count" and counted:
            return Translated(counted, "number", True)
        items = self._items(arguments)
        if not items:
            raise _unsupported(name)
        if name == "count":
            marks = (item.mark or f"{item.text} != ''" for item in items)
            return _sum([f"number({mark})" for mark in marks])
        if name == "sum":
            return _sum([f"number(coalesce({item.text}, 0))" for item in items])
        texts = [item.text for item in items]
        return Translated(f"{name}({', '.join(texts)})", "number", True)

    def text(self, node: Node) -> str:
        return self.translate(node).text

    def _function(self, name: str, arguments: tuple[Node, ...], kind: Type) -> Translated:
        return Translated(f"{name}({', '.join(map(self.text, arguments))})", kind, True)

    def _regex(self, arguments: tuple[Node, ...]) -> Translated:
        pattern = arguments[0]
        if not isinstance(pattern, Text):
            raise _unsupported("regexMatch")
        return Translated(
            f"regex({self.text(arguments[1])}, {quoted(whole_pattern(pattern.value))})",
            "boolean",
            True,
        )

    def _substr(self, arguments: tuple[Node, ...]) -> Translated:
        text, start, length = map(self.text, arguments)
        return Translated(f"substr({text}, {start}, {start} + {length})", "text", True)

    def _date(self, arguments: tuple[Node, ...]) -> Translated:
        wanted = arguments[0]
        if isinstance(wanted, Text) and wanted.value in {"Y-m-d", "y-m-d"}:
            return Translated("today()", "text", True)
        if isinstance(wanted, Text) and re.fullmatch(r"[Ymd/. \-]+", wanted.value):
            pattern = re.sub(r"[Ymd]", r"%\g<0>", wanted.value)
            return Translated(f"format-date(today(), {quoted(pattern)})", "text", True)
        raise _unsupported("date")

    def _is_numeric_call(self, arguments: tuple[Node, ...]) -> Translated:
        text = self.text(arguments[0])
        return Translated(f"number({text}) = number({text})", "boolean")


def _sum(parts: list[str]) -> Translated:
    if not parts:
        raise _unsupported("count")
    return Translated(" + ".join(parts), "number", len(parts) == 1)


def _number(text: str) -> str:
    return f"0{text}" if text.startswith(".") else text.rstrip(".")


_SAME = frozenset({"sin", "cos", "tan", "asin", "acos", "atan", "atan2", "exp10"})
"""Functions that both languages have, used where our evaluator has them."""

_Handler = Callable[[_Translator, tuple[Node, ...]], Translated]


def _plain(name: str, kind: Type) -> _Handler:
    return lambda translator, arguments: translator._function(name, arguments, kind)


_CALLS: dict[tuple[str, int], _Handler] = {
    ("regexMatch", 2): _Translator._regex,
    ("strlen", 1): _plain("string-length", "number"),
    ("substr", 3): _Translator._substr,
    ("substr", 2): _plain("substr", "text"),
    ("date", 1): _Translator._date,
    ("is_numeric", 1): _Translator._is_numeric_call,
    ("is_float", 1): _Translator._is_numeric_call,
    ("abs", 1): _plain("abs", "number"),
    ("ceil", 1): _plain("ceiling", "number"),
    ("floor", 1): _plain("floor", "number"),
    ("round", 1): _plain("round", "number"),
    ("round", 2): _plain("round", "number"),
    ("sqrt", 1): _plain("sqrt", "number"),
    ("pow", 2): _plain("pow", "number"),
    ("exp", 1): _plain("exp", "number"),
    ("log", 1): _plain("log", "number"),
    ("pi", 0): _plain("pi", "number"),
    ("intval", 1): _plain("int", "number"),
    ("strip_tags", 1): lambda translator, arguments: translator.translate(arguments[0]),
    ("trim", 1): _plain("normalize-space", "text"),
}
