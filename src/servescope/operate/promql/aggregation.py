"""Aggregations: in, a vector and labels to keep; out, a vector with these labels. A label it lacks is refused."""

from servescope.operate.promql.expression import Expression, PromqlError


def sum_by(expression: Expression, *labels: str) -> Expression:
    """The sums, by these labels; with none, the sum of all."""
    return _aggregated("sum", expression, labels)


def avg_by(expression: Expression, *labels: str) -> Expression:
    """The means, by these labels."""
    return _aggregated("avg", expression, labels)


def max_by(expression: Expression, *labels: str) -> Expression:
    """The largest, by these labels."""
    return _aggregated("max", expression, labels)


def min_by(expression: Expression, *labels: str) -> Expression:
    """The smallest, by these labels."""
    return _aggregated("min", expression, labels)


def count_by(expression: Expression, *labels: str) -> Expression:
    """How many series, by these labels."""
    return _aggregated("count", expression, labels)


def topk(count: int, expression: Expression) -> Expression:
    """The `count` series with the largest values."""
    return Expression(f"topk({count}, {expression})", expression.labels)


def _aggregated(name: str, expression: Expression, labels: tuple[str, ...]) -> Expression:
    if expression.labels is None:
        raise PromqlError(f"{name}: {expression} is a scalar")
    if missing := [label for label in labels if label not in expression.labels]:
        have = ", ".join(sorted(expression.labels)) or "none"
        raise PromqlError(
            f"{name} by ({', '.join(labels)}): {expression} has no label {', '.join(missing)}; it has {have}"
        )
    body = str(expression)
    if "\n" in body:
        indented = body.replace("\n", "\n  ")
        body = f"\n  {indented}\n"
    by = f" by ({', '.join(labels)}) " if labels else ""
    return Expression(f"{name}{by}({body})", frozenset(labels))
