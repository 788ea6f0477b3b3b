"""Every expression of every board is read by a PromQL parser, and asks for series that exist and are cheap to read."""

import re

import pytest

from operate.grafana.reading import EVERY_BOARD, board, expressions, filled_in, groupings, selectors
from servescope.metrics.definitions import BY_NAME
from servescope.operate.grafana.narrowed import recordings

TARGET = {"job", "instance"}
ALERTS = {"alertname", "alertstate", "model_name", "model_version", "instance"}
# What is read raw though it has a label of the model and a recording of it exists, and why.
RAW = {
    ("servescope-model", "Durations, one by one"): "exemplars are kept with the raw buckets alone",
    ("servescope-llm", "Times to first token"): "exemplars are kept with the raw buckets alone",
    ("servescope-llm", "Times between tokens"): "exemplars are kept with the raw buckets alone",
    ("servescope-model", "Slow in each stage"): "of stages the sums are recorded, not the buckets",
}


def labels_of(form, name):
    """The labels that series of this name have, or None where there are none."""
    if name in recordings(form):
        return recordings(form)[name].expression.labels
    if name == "up":
        return TARGET
    if name == "ALERTS":
        return ALERTS
    family = BY_NAME.get(name) or BY_NAME.get(re.sub(r"_(bucket|sum|count)$", "", name))
    if family is None or (name not in family.sample_names and (form, family.kind) != ("native", "histogram")):
        return None
    return TARGET | set(family.labels) | ({"le"} if name.endswith("_bucket") else set())


def test_there_is_something_to_check():
    """All boards have expressions, and selectors are found in them."""
    found = [selectors(filled_in(one["expr"])) for board in EVERY_BOARD for _, one in expressions(*board)]
    assert len(found) >= 240
    assert all(found)


@pytest.mark.parametrize(("form", "uid"), EVERY_BOARD)
def test_names_and_labels_exist(form, uid):
    """Each name is a family's or a recording's, each label one of its series'."""
    for title, target in expressions(form, uid):
        text = filled_in(target["expr"])
        known = set()
        for name, matched in selectors(text):
            labels = labels_of(form, name)
            assert labels is not None, (title, name)
            assert matched <= labels, (title, name)
            known |= labels
        assert groupings(text) <= known, title


@pytest.mark.parametrize(("form", "uid"), EVERY_BOARD)
def test_legends_name_labels_that_are_kept(form, uid):
    """A legend's {{label}} is one of the expression's labels: an empty name would hide which line is which."""
    for title, target in expressions(form, uid):
        text = filled_in(target["expr"])
        kept = groupings(text)
        if not kept:
            kept = set().union(*(labels_of(form, name) for name, _ in selectors(text)))
        named = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
        assert named <= kept, title


@pytest.mark.parametrize(("form", "uid"), EVERY_BOARD)
def test_variables_stand_for_label_values_alone(form, uid):
    """`$variable` is only used as label=~"$variable", and each that is used is one of the board's."""
    names = {variable["name"] for variable in board(form, uid)["templating"]["list"]}
    for _, target in expressions(form, uid):
        used = set(re.findall(r"\$\{?(\w+)", target["expr"]))
        matched = set(re.findall(r'=~"\$(\w+)"', target["expr"]))
        assert used - matched <= {"quantile", "__rate_interval", "__interval", "__range"}
        assert matched <= names
        assert "quantile" not in used or "quantile" in names


@pytest.mark.parametrize(("form", "uid"), EVERY_BOARD)
def test_series_are_narrowed_by_every_variable_they_can_be(form, uid):
    """What a reader chooses holds for each panel: no selector leaves out a variable whose label it has."""
    if uid == "servescope-hosts":
        wanted = {"job": "job", "instance": "instance"}
    else:
        wanted = {"job": "job", "instance": "instance", "model_name": "model", "model_version": "version"}
    for title, target in expressions(form, uid):
        for name, matched in selectors(filled_in(target["expr"])):
            if name != "ALERTS":
                assert wanted.keys() & labels_of(form, name) <= matched, (title, name)


@pytest.mark.parametrize(("form", "uid"), EVERY_BOARD)
def test_recordings_are_read_where_there_are_some(form, uid):
    """A counter or histogram of models that is recorded is not read raw, but for the reasons in RAW. In the native form no
    histogram is recorded, and each is one series.
    """
    recorded = set()
    for rule in recordings(form).values():
        recorded |= {re.sub(r"_(bucket|sum|count)$", "", name) for name, _ in selectors(str(rule.expression))}
    kinds = ("counter", "histogram") if form == "classic" else ("counter",)
    many = {
        name for name in recorded & BY_NAME.keys()
        if BY_NAME[name].kind in kinds and "model_name" in BY_NAME[name].labels
    }  # fmt: skip
    assert "servescope_requests_total" in many
    assert ("servescope_request_duration_seconds" in many) == (form == "classic")
    raw = set()
    for title, target in expressions(form, uid):
        names = {re.sub(r"_(bucket|sum|count)$", "", name) for name, _ in selectors(filled_in(target["expr"]))}
        if names & many:
            raw.add((uid, title))
    assert raw == {one for one in RAW if one[0] == uid and form == "classic"}


@pytest.mark.parametrize(("form", "uid"), EVERY_BOARD)
def test_the_form_is_the_one_that_was_asked_for(form, uid):
    """Classic boards read no native histogram, native ones no bucket."""
    for title, target in expressions(form, uid):
        for name, _ in selectors(filled_in(target["expr"])):
            if form == "native":
                assert not name.endswith(("_bucket",)), title
            elif name in BY_NAME:
                assert BY_NAME[name].kind != "histogram", title


@pytest.mark.parametrize(("form", "uid"), EVERY_BOARD)
def test_alerts_are_marked(form, uid):
    """Each board marks this project's alerts that fire, and tells which they are."""
    (annotation,) = board(form, uid)["annotations"]["list"]
    assert selectors(filled_in(annotation["expr"]))[0][0] == "ALERTS"
    assert 'alertstate="firing"' in annotation["expr"]
    assert annotation["enable"]
    assert "{{alertname}}" in annotation["titleFormat"]


@pytest.mark.parametrize(("form", "uid"), EVERY_BOARD)
def test_variables_ask_for_what_exists(form, uid):
    """Each variable's label_values names a family and a label of it."""
    asked = [one["query"]["query"] for one in board(form, uid)["templating"]["list"] if one["type"] == "query"]
    assert asked
    for query in asked:
        series, label = re.fullmatch(r"label_values\((.+), (\w+)\)", query).groups()
        ((name, matched),) = selectors(filled_in(series))
        assert matched | {label} <= labels_of(form, name)
