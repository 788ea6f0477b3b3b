"""Instant vectors and scalars, and what joins two of them: in, expressions; out, one with its text and its labels.

Made by `selector`, `functions`, `aggregation` and `histogram`. Parentheses are written where PromQL's precedence asks for
them, line breaks where an expression is long.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_BINDING: Final = {
    "or": 1, "and": 2, "unless": 2,
    "==": 3, "!=": 3, ">": 3, "<": 3, ">=": 3, "<=": 3,
    "+": 4, "-": 4, "*": 5, "/": 5, "%": 5,
}  # fmt: skip
_SETS: Final = ("or", "and", "unless")
_ATOM: Final = 9
_WIDTH: Final = 100
_NEWLINE: Final = "\n"
_INDENTED: Final = "\n  "


class PromqlError(ValueError):
    """An expression that names what there is not, or that could never have a result."""


@dataclass(frozen=True, slots=True)
class Expression:
    """An instant vector whose series have exactly `labels` (besides those that Prometheus itself is told to add), or a
    scalar, whose `labels` are None. `text` is its PromQL.
    """

    text: str
    labels: frozenset[str] | None
    binding: int = _ATOM

    def __str__(self) -> str:
        return self.text

    def __add__(self, other: "Expression | float") -> "Expression":
        return self.join("+", other)

    def __sub__(self, other: "Expression | float") -> "Expression":
        return self.join("-", other)

    def __mul__(self, other: "Expression | float") -> "Expression":
        return self.join("*", other)

    def __truediv__(self, other: "Expression | float") -> "Expression":
        return self.join("/", other)

    def __rsub__(self, other: float) -> "Expression":
        return number(other).join("-", self)

    def __rmul__(self, other: float) -> "Expression":
        return number(other).join("*", self)

    def __gt__(self, other: "Expression | float") -> "Expression":
        return self.join(">", other)

    def __lt__(self, other: "Expression | float") -> "Expression":
        return self.join("<", other)

    def __ge__(self, other: "Expression | float") -> "Expression":
        return self.join(">=", other)

    def __le__(self, other: "Expression | float") -> "Expression":
        return self.join("<=", other)

    def equals(self, other: "Expression | float") -> "Expression":
        """`self == other`, a filter."""
        return self.join("==", other)

    def and_on(self, other: "Expression", *on: str) -> "Expression":
        """The series of `self` for which `other` has one, with all the same labels or with these."""
        return self.join("and", other, on=on or None)

    def unless_on(self, other: "Expression", *on: str) -> "Expression":
        """The series of `self` for which `other` has none."""
        return self.join("unless", other, on=on or None)

    def or_else(self, other: "Expression") -> "Expression":
        """The series of `self`, and those of `other` that it has not."""
        return self.join("or", other)

    def join(
        self,
        operator: str,
        other: "Expression | float",
        *,
        on: Iterable[str] | None = None,
        group_left: Iterable[str] | None = None,
        boolean: bool = False,
    ) -> "Expression":
        """`self operator other`.

        `on`: the labels to match by; all where None. `group_left`: several series of `self` may have the same one of
        `other`, from which these labels are taken over. `boolean`: a comparison gives 0 or 1 and filters nothing.
        Raises PromqlError where labels are lacking or no two series could match.
        """
        right = other if isinstance(other, Expression) else number(other)
        matching = None if on is None else tuple(on)
        include = None if group_left is None else tuple(group_left)
        _check(self, operator, right, matching, include)
        words = _words(operator, matching, include, boolean)
        strength = _BINDING[operator]
        left_text, right_text = _operand(self, strength), _operand(right, strength + 1)
        text = f"{left_text} {words} {right_text}"
        if operator in _SETS:
            text = f"{left_text}\n{words}\n{right_text}"
        elif len(text) > _WIDTH or "\n" in text:
            text = f"{left_text}\n  {words} {right_text.replace(_NEWLINE, _INDENTED)}"
        return Expression(text, _labels(self, operator, right, matching, include), strength)


def _words(operator: str, on: tuple[str, ...] | None, include: tuple[str, ...] | None, boolean: bool) -> str:
    """The operator, and how its sides are matched."""
    words = operator + (" bool" if boolean else "")
    if on is not None:
        words += f" on ({', '.join(on)})"
    return words + (f" group_left ({', '.join(include)})" if include is not None else "")


def number(value: float) -> Expression:
    """A scalar, written with all its digits."""
    if math.isnan(value) or math.isinf(value):
        raise PromqlError(f"{value} is no number to compare with")
    text = repr(float(value))
    return Expression(text.removesuffix(".0"), None, _ATOM if value >= 0 else _BINDING["+"])


def ratio(part: Expression, whole: Expression) -> Expression:
    """`part / whole`, by all labels: NaN where both are 0."""
    return part / whole


def share(part: Expression, whole: Expression) -> Expression:
    """`part / whole` of two counts, by all labels: 0 where both are 0, since of a gap readers keep the last value for minutes."""
    return part / Expression(f"clamp_min({whole}, 1)", whole.labels)


def both(first: Expression, second: Expression) -> Expression:
    """The series of `first` for which `second` has one with the same labels."""
    return first.and_on(second)


def _operand(expression: Expression, strength: int) -> str:
    if expression.binding >= strength:
        return expression.text
    if "\n" not in expression.text:
        return f"({expression.text})"
    indented = expression.text.replace("\n", "\n  ")
    return f"(\n  {indented}\n)"


def _check(
    left: Expression, operator: str, right: Expression, on: tuple[str, ...] | None, include: tuple[str, ...] | None
) -> None:
    if operator not in _BINDING:
        raise PromqlError(f"{operator!r} is none of {', '.join(_BINDING)}")
    if left.labels is None or right.labels is None:
        if on is not None or include is not None or operator in _SETS:
            raise PromqlError(f"{left.text} {operator} {right.text}: only vectors are matched by labels")
        return
    if on is None:
        if left.labels != right.labels and operator != "or" and include is None:
            raise PromqlError(
                f"{left.text} {operator} {right.text}: no series can match, as one side has {_listed(left.labels)}"
                f" and the other {_listed(right.labels)}"
            )
        return
    for side in (left, right):
        if missing := set(on) - (side.labels or set()):
            raise PromqlError(f"on ({', '.join(on)}): {side.text} has no label {_listed(missing)}")
    if include and (missing := set(include) - right.labels):
        raise PromqlError(f"group_left ({', '.join(include)}): {right.text} has no label {_listed(missing)}")


def _labels(
    left: Expression, operator: str, right: Expression, on: tuple[str, ...] | None, include: tuple[str, ...] | None
) -> frozenset[str] | None:
    if left.labels is None:
        return right.labels
    if right.labels is None or operator in ("and", "unless"):
        return left.labels
    if operator == "or":
        return left.labels & right.labels
    if include is not None:
        return left.labels | frozenset(include)
    return left.labels if on is None else frozenset(on)


def _listed(labels: Iterable[str]) -> str:
    return ", ".join(sorted(labels)) or "none"
