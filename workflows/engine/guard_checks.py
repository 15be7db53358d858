"""Whether the conditions of a definition are understood and compare what can be compared."""

from collections.abc import Iterator, Mapping

from portal.i18n import LazyText, _l

from . import expressions, facts
from .expressions import ORDERINGS, Among, Compared, Joined, Literal, Name, Not, Tree
from .model import Definition, FormField
from .problems import Problem, error
from .run import form_of

TYPE_NAMES: dict[str, LazyText] = {
    facts.TRUTH: _l("true or false"),
    facts.TEXT: _l("a text"),
    facts.NUMBER: _l("a number"),
}


def check(definition: Definition) -> Iterator[Problem]:
    for index, step in enumerate(definition.transitions):
        if not step.guard:
            continue
        path = f"transitions[{index}].guard"
        try:
            tree = expressions.parse(step.guard)
        except expressions.ExpressionError as problem:
            message = _l(
                "%(what)s (character %(position)s)",
                what=problem.message,
                position=problem.position,
            )
            yield error(path, message)
            continue
        told: set[str] = set()
        # Another state may ask another form for the same action.
        forms = [form_of(definition, source, step.action) for source in step.sources]
        for fields in {tuple(map(id, fields)): fields for fields in forms}.values():
            for message in Types(fields, bool(step.roles)).problems(tree):
                if str(message) not in told:
                    told.add(str(message))
                    yield error(path, message)
        if not told and not expressions.names(tree):
            yield error(path, _l("This condition asks nothing: it is the same for every case"))


class Types:
    """The types of an expression's names, given the form that is filled in before it is asked."""

    def __init__(self, fields: tuple[FormField, ...], by_people: bool = True) -> None:
        self.fields: Mapping[str, FormField] = {field.name: field for field in fields}
        self.case = facts.fact_types()
        self.form = facts.field_types(fields) if by_people else {}

    def problems(self, tree: Tree) -> list[LazyText]:
        """What is wrong with a condition, in the order in which it is read."""
        found: list[LazyText] = []
        kind = self._kind(tree, found)
        if kind not in {None, facts.TRUTH}:
            found.append(
                _l(
                    "“%(what)s” is %(kind)s; a condition is true or false",
                    what=expressions.to_text(tree),
                    kind=TYPE_NAMES[str(kind)],
                )
            )
        return found

    def _kind(self, tree: Tree, found: list[LazyText]) -> str | None:
        """The type of a value; None where it is not known, which was said already."""
        match tree:
            case Literal(value):
                if isinstance(value, bool):
                    return facts.TRUTH
                return facts.TEXT if isinstance(value, str) else facts.NUMBER
            case Name():
                return self._name(tree, found)
            case Not(of):
                found += self.problems(of)
            case Joined(_, parts):
                for part in parts:
                    found += self.problems(part)
            case Compared(how, left, right):
                self._compared(how, left, right, found)
            case Among(item, items):
                for one in items:
                    self._compared("==", item, one, found)
                if not items:
                    self._kind(item, found)
                    found.append(_l("The list is empty, so nothing is in it"))
        return facts.TRUTH

    def _name(self, name: Name, found: list[LazyText]) -> str | None:
        known = self.case if name.root == "case" else self.form
        if name.name in known:
            return known[name.name]
        if name.root == "form" and name.name in self.fields:
            found.append(_l("The field “%(name)s” cannot be used in a condition", name=name.name))
        elif name.root == "case":
            found.append(
                _l(
                    "Nothing is known of a case as “%(name)s”; known are: %(names)s",
                    name=str(name),
                    names=", ".join(sorted(f"case.{fact}" for fact in known)),
                )
            )
        else:
            found.append(_l("The form has no field “%(name)s”", name=name.name))
        return None

    def _compared(self, how: str, left: Tree, right: Tree, found: list[LazyText]) -> None:
        kinds = [self._kind(side, found) for side in (left, right)]
        if None in kinds:
            return
        if kinds[0] != kinds[1]:
            found.append(
                _l(
                    "“%(left)s” is %(one)s and “%(right)s” is %(other)s: they are never equal",
                    left=expressions.to_text(left),
                    one=TYPE_NAMES[str(kinds[0])],
                    right=expressions.to_text(right),
                    other=TYPE_NAMES[str(kinds[1])],
                )
            )
        elif how in ORDERINGS and kinds[0] == facts.TRUTH:
            found.append(_l("True and false are neither less nor greater"))
        else:
            self._choice(left, right, found)
            self._choice(right, left, found)

    def _choice(self, left: Tree, right: Tree, found: list[LazyText]) -> None:
        """A value that the field's list does not have is a typing mistake."""
        if isinstance(left, Name) and left.root == "form" and isinstance(right, Literal):
            field = self.fields.get(left.name)
            if field is not None and field.kind == "choice" and right.value not in field.choices:
                found.append(
                    _l(
                        "“%(value)s” is not one of the choices of “%(name)s”: %(names)s",
                        value=right.value,
                        name=field.name,
                        names=", ".join(field.choices),
                    )
                )
