"""The lines of the log mode are TorchServe's to the letter, and no label value, id or number breaks one."""

import json
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden import GOLDEN
from servescope.metrics.log_mode.lines import json_shape, render, spell, text_shape

RECORDED = GOLDEN / "log_lines.txt"
LINE = re.compile(
    r"(?P<name>[\w\s]+)\.(?P<unit>[\w\s]+):(?P<value>\S+?)\|#(?P<dimensions>[^|]*)\|#hostname:(?P<host>[^,]+),"
    r"(requestID:(?P<ids>.*),)?timestamp:(?P<time>\d+)"
)


def recorded():
    """The metric lines that were recorded, their time aside."""
    lines = [line.partition(" - ")[2] for line in RECORDED.read_text().splitlines()]
    return [line for line in lines if "|#hostname:" in line]


def text_line(name, unit, dimensions, value, host="vm", ids=None):
    shape = text_shape(name, unit, dimensions, host, with_ids=ids is not None)
    return "1795492743".join(render(shape, value, ids or ""))


def json_line(name, unit, dimensions, value, host="vm", ids=None):
    shape = json_shape(name, unit, dimensions, host, with_ids=ids is not None)
    before, after = render(shape, value, ids or "")
    return json.loads(f"{{{before}1795492743{after}")


@pytest.mark.parametrize("line", recorded())
def test_recorded_lines(line):
    """Taken apart and put together again, each recorded line is the same."""
    found = LINE.fullmatch(line)
    assert found is not None
    dimensions = [pair.split(":") for pair in found["dimensions"].split(",")]
    ids = {None: None, "null": ""}.get(found["ids"], found["ids"])
    shape = text_shape(found["name"], found["unit"], dimensions, found["host"], with_ids=ids is not None)
    assert found["time"].join(render(shape, float(found["value"]), ids or "")) == line


def test_there_are_recorded_lines():
    """The two files' together."""
    assert len(recorded()) == 15


def test_no_dimensions():
    """As TorchServe writes them; one without a value is left out."""
    assert text_line("N", "Count", [], 3, ids="") == "N.Count:3.0|#|#hostname:vm,requestID:null,timestamp:1795492743"
    assert text_line("N", "km", [("a", ""), ("b", "c d=e")], 1) == "N.km:1.0|#b:c d=e|#hostname:vm,timestamp:1795492743"


# What Java's Double.toString says.
SPELT = [
    (0, "0.0"), (-0.0, "-0.0"), (1, "1.0"), (0.001, "0.001"), (0.0001, "1.0E-4"), (1234567, "1234567.0"),
    (9999999.5, "9999999.5"), (1e7, "1.0E7"), (12345678.5, "1.23456785E7"), (1e10, "1.0E10"), (-1e10, "-1.0E10"),
    (1.5e16, "1.5E16"), (1e100, "1.0E100"), (-2.5e-7, "-2.5E-7"), (5e-324, "5.0E-324"), (0.1 + 0.2, "0.30000000000000004"),
    (1.7976931348623157e308, "1.7976931348623157E308"), (100000000.0, "1.0E8"), (1000000100.0, "1.0000001E9"),
    (math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), SPELT)
def test_numbers(value, text):
    """As Java spells them."""
    assert spell(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_exact(value):
    """Read back, each is the number it was; and has a point."""
    text = spell(value)
    assert float(text) == value
    assert re.fullmatch(r"-?\d+\.\d+(E-?\d+)?", text)


@given(st.text(), st.text(), st.lists(st.tuples(st.text(), st.text())), st.floats(), st.text(), st.text())
def test_nothing_breaks_a_line(name, unit, dimensions, value, host, ids):
    """Whatever is written: one line, of four parts, with as many dimensions as have values."""
    line = text_line(name, unit, dimensions, value, host, ids)
    assert line.splitlines() == [line]
    assert not re.search("[\x00-\x1f\x7f-\x9f]", line)
    head, listed, tail = line.split("|")
    assert re.fullmatch(r"[^:]*:\S+", head, re.DOTALL)
    assert listed.startswith("#")
    with_values = [pair for pair in dimensions if pair[1]]
    assert listed.count(",") == max(len(with_values) - 1, 0)
    assert tail.startswith("#hostname:")
    assert tail.endswith(",timestamp:1795492743")
    line.encode()


@given(
    st.text(),
    st.text(),
    st.lists(st.tuples(st.text(), st.text()), unique_by=lambda pair: pair[0]),
    st.floats(),
    st.text(),
)
def test_nothing_breaks_a_json_line(name, unit, dimensions, value, ids):
    """It parses, its message is the text line, and the parts are there as they were written."""
    found = json_line(name, unit, dimensions, value, ids=ids)
    assert found["message"] == text_line(name, unit, dimensions, value, ids=ids)
    assert found["value"] == (value if math.isfinite(value) else None)
    assert (found["metric"], found["unit"], found["hostname"]) == (name, unit, "vm")
    assert found["dimensions"] == dict(dimensions)
    assert found.get("request_ids") == (ids.split(",") if ids else None)


def test_json_line_of_the_server():
    """Without ids of requests."""
    assert json_line("Requests2XX", "Count", [("Level", "Host")], 1.0) == {
        "message": "Requests2XX.Count:1.0|#Level:Host|#hostname:vm,timestamp:1795492743",
        "metric": "Requests2XX",
        "unit": "Count",
        "dimensions": {"Level": "Host"},
        "hostname": "vm",
        "value": 1.0,
    }


def test_hostile_characters_are_shown():
    """As escapes, so that an operator sees what was sent."""
    line = text_line("a.b:c", "u|v", [("d:e", "x,y|#z\n\ud800")], 1.0, ids="i|j")
    assert line == (
        r"a.b\x3ac.u\x7cv:1.0|#d\x3ae:x\x2cy\x7c\x23z\x0a\ud800|#hostname:vm,requestID:i\x7cj,timestamp:1795492743"
    )
