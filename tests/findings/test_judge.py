"""Conditions on tables: comparisons, and joins as PromQL has them."""

from servescope.findings.condition import Both, Compare, Known, Limit, Unless
from servescope.findings.judge import holds, subject
from servescope.findings.thresholds.thresholds import Thresholds

A, B = subject(model_name="a", model_version="1"), subject(model_name="b", model_version="1")
A_EXIT = A | subject(reason="exit")
TABLES = {
    "x": {A: 5.0, B: 1.0},
    "y": {A: 5.0},
    "share": {A: 0.9, B: 0.7},
    "by_reason": {A_EXIT: 2.0},
    "none": {},
}


def found(condition, part=1.0):
    return holds(condition, TABLES.__getitem__, Thresholds(), part)


def test_comparisons():
    """With numbers, thresholds, parts of thresholds, a little less than a threshold, and other quantities."""
    assert found(Compare("x", ">", 1)) == {A: 5.0}
    assert found(Compare("x", "==", 1.0)) == {B: 1.0}
    assert found(Compare("share", ">", Limit("queue_fill_ratio"))) == {A: 0.9}
    assert found(Compare("share", ">", Limit("queue_fill_ratio")), 0.5) == {A: 0.9, B: 0.7}
    assert found(Compare("x", ">=", Limit("minimum_failed_page"))) == {A: 5.0}
    assert found(Compare("x", ">", Limit("minimum_failed_page"))) == {}
    assert found(Compare("x", ">", Limit("minimum_failed_page", less=0.5))) == {A: 5.0}
    assert found(Compare("x", ">=", "y")) == {A: 5.0}
    assert found(Compare("none", "<", 1)) == {}


def test_joins():
    """The values are those of the first; what is matched has all labels in common, or its model."""
    assert found(Both(Known("share"), Compare("x", ">", 1))) == {A: 0.9}
    assert found(Unless(Known("share"), Compare("x", ">", 1))) == {B: 0.7}
    assert found(Both(Known("by_reason"), Known("x"))) == {}
    assert found(Both(Known("by_reason"), Known("y"), of_model=True)) == {A_EXIT: 2.0}
