"""Families: series by label values, their size, bounds of their own, and numbers that somebody else has counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.metrics.definitions import Definition
from servescope.metrics.exposition.text import render
from servescope.metrics.instruments.families import Family, HistogramFamily, SummaryFamily, make_family
from servescope.metrics.registry import Registry

KINDS = ("counter", "gauge", "histogram", "summary", "unknown")


def definition(kind: str, labels: tuple[str, ...] = ("a",)) -> Definition:
    return Definition("f", kind, "s", labels, "help", "", (1.0, 2.0) if kind == "histogram" else ())  # type: ignore[arg-type]


def lines(registry: Registry) -> list[str]:
    text = b"".join(render(registry)).decode()
    return [line for line in text.splitlines() if not line.startswith("#")]


@given(
    st.sampled_from(KINDS),
    st.lists(st.tuples(st.sampled_from(["bind", "own", "read", "remove"]), st.integers(0, 3))),
)
def test_samples_is_the_number_of_lines(kind: str, actions: list[tuple[str, int]]) -> None:
    """Whatever was bound, replaced and dropped before."""
    registry = Registry([definition(kind)])
    family = registry.find("f")
    assert family is not None
    for action, number in actions:
        act(family, action, str(number))
    assert family.samples == len(lines(registry))


def act(family: Family, action: str, value: str) -> None:
    """One change of the family, as far as its kind has it."""
    scalar = not isinstance(family, HistogramFamily | SummaryFamily)
    if action == "remove":
        family.remove(value)
    elif action == "own" and isinstance(family, HistogramFamily):
        family.labels(value, bounds=(1.0, 1.5, 2.0))
    elif action == "read" and scalar:
        family.read(lambda: 2.0, value)
    else:
        family.labels(value)


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_number_of_values(kind: str) -> None:
    """Each way to a series names the family, its labels and the values."""
    family = make_family(definition(kind, ("a", "b")))
    with pytest.raises(ValueError, match=r"f has labels \('a', 'b'\), got values \('x',\)"):
        family.labels("x")
    with pytest.raises(ValueError, match=r"got values \('x',\)"):
        act(family, "read", "x")
    assert family.samples == 0


def test_bounds_of_its_own() -> None:
    """A model's objectives are bounds of its series alone, and a series keeps those that it was made with."""
    registry = Registry([definition("histogram")])
    family = registry.histogram("f")
    family.labels("usual").observe(1.2)
    own = family.labels("own", bounds=(1.0, 1.25, 2.0))
    own.observe(1.2)
    assert family.labels("own") is own
    assert family.labels("own", bounds=(7.0,)) is own
    assert [line for line in lines(registry) if "_bucket" in line] == [
        'f_bucket{a="usual",le="1.0",} 0.0',
        'f_bucket{a="usual",le="2.0",} 1.0',
        'f_bucket{a="usual",le="+Inf",} 1.0',
        'f_bucket{a="own",le="1.0",} 0.0',
        'f_bucket{a="own",le="1.25",} 1.0',
        'f_bucket{a="own",le="2.0",} 1.0',
        'f_bucket{a="own",le="+Inf",} 1.0',
    ]


def test_label_values_are_escaped_once() -> None:
    """Series are found by raw values; the escaped ones are the same tuple where nothing had to be escaped."""
    family = make_family(definition("gauge", ("a", "b")))
    plain, escaped = family.labels("x", "y"), family.labels('"', "\\\n")
    assert escaped.labels == ('\\"', "\\\\\\n")
    assert list(family.series) == [("x", "y"), ('"', "\\\n")]
    assert plain.labels is next(iter(family.series))
