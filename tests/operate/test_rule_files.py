"""Files of rules: a PromQL parser reads every expression, and each name and label in it is one that there is."""

import itertools
import re
from dataclasses import replace

import promql_parser
import pytest
import yaml

from servescope.findings.thresholds.thresholds import Thresholds
from servescope.metrics.definitions import BY_NAME
from servescope.operate.promql import FORMS
from servescope.operate.recordings import all_recordings
from servescope.operate.rule_files import rule_files

TARGET = {"job", "instance"}


def rules(form):
    """Every rule of every file."""
    for text in rule_files(Thresholds(), form).values():
        for group in yaml.safe_load(text)["groups"]:
            yield from group["rules"]


def selectors(expression):
    """Every vector selector in an expression."""
    found = []

    def visit(node):
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
        elif isinstance(node, promql_parser.MatrixSelector):
            found.append(node.vs if hasattr(node, "vs") else node.vector_selector)
        return True

    for node in walk(promql_parser.parse(expression)):
        visit(node)
    return found


def walk(node):
    """An expression and all that it is made of."""
    yield node
    for name in ("expr", "lhs", "rhs"):
        child = getattr(node, name, None)
        if isinstance(child, promql_parser.Expr):
            yield from walk(child)
    for child in getattr(node, "args", None) or ():
        yield from walk(child)


def labels_of(name, form):
    """The labels of a sample in Prometheus; fails for a name that nothing has."""
    recorded = all_recordings(form)
    if name == "up":
        return TARGET
    if ":" in name:
        return recorded[name].expression.labels
    for suffix in ("_bucket", "_sum", "_count"):
        whole = BY_NAME.get(name.removesuffix(suffix))
        if name.endswith(suffix) and whole is not None and whole.kind == "histogram":
            assert form == "classic", name
            return {*whole.labels, *TARGET, *(["le"] if suffix == "_bucket" else [])}
    definition = BY_NAME[name]
    assert definition.kind != "histogram" or form == "native", name
    return {*definition.labels, *TARGET}


@pytest.mark.parametrize("form", FORMS)
def test_names_and_labels_exist(form):
    """Read by somebody else's parser, in either form; a histogram is read in that form alone."""
    read = 0
    for rule in rules(form):
        found = selectors(rule["expr"])
        assert found, rule
        for selector in found:
            assert {one.name for one in selector.matchers.matchers} <= labels_of(selector.name, form), rule
            read += 1
    assert read > 150


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_read_before_it_is_recorded(form):
    """Within a group a rule sees what those before it recorded; of other groups, what was recorded at all."""
    order = [rule["record"] for rule in rules(form) if "record" in rule]
    groups = yaml.safe_load(rule_files(Thresholds(), form)["recordings.yml"])["groups"]
    for group in groups:
        names = [rule["record"] for rule in group["rules"]]
        for rule in group["rules"]:
            for selector in selectors(rule["expr"]):
                if ":" in selector.name:
                    assert selector.name in order
                    if selector.name in names:
                        assert names.index(selector.name) < names.index(rule["record"]), rule


def test_windows_of_days_read_no_counters():
    """What looks back more than two hours at a rate reads recorded series; so does every ratio over hours."""
    read = [name for rule in rules("classic") for name in re.findall(r"([\w:]+)(?:{[^}]*})?\[[13]d\]", rule["expr"])]
    assert len(read) > 4
    assert all(":" in name for name in read), read


def test_nothing_is_compared_that_is_read_at_two_times():
    """What vmalert records it reads back late, so neither a difference nor a ratio has a counter on one side and a recording
    on the other; and no rate is made a count by multiplying it.
    """
    checked = 0
    for form in FORMS:
        for rule in rules(form):
            for node in walk(promql_parser.parse(rule["expr"])):
                if isinstance(node, promql_parser.BinaryExpr) and str(node.op) in ("-", "/"):
                    kinds = [
                        {":" in one.name for one in selectors(str(side.prettify()))} for side in (node.lhs, node.rhs)
                    ]
                    assert not kinds[0] or not kinds[1] or kinds[0] == kinds[1], rule
                    assert all(len(kind) < 2 for kind in kinds), rule
                    checked += 1
            assert not re.search(r"rate\(.*\)\s*\* \d", rule["expr"], re.DOTALL), rule
            assert "changes(" not in rule["expr"], rule
    assert checked > 50


def test_the_same_bytes():
    """The files do not depend on when, or how often, they are made."""
    for form in FORMS:
        assert rule_files(Thresholds(), form) == rule_files(Thresholds(), form)
    classic, native = (rule_files(Thresholds(), form) for form in FORMS)
    assert [name for name in classic if classic[name] != native[name]] == ["recordings.yml"]


def test_every_threshold_matters():
    """Another value of any threshold makes other files."""
    default = rule_files(Thresholds(), "classic")
    for name in Thresholds.__dataclass_fields__:
        value = getattr(Thresholds(), name)
        other = value + ("0s" if name.endswith("_for") else "x") if isinstance(value, str) else value * 0.5
        changed = rule_files(replace(Thresholds(), **{name: other}), "classic")
        assert changed != default, name
        differing = [name for name in changed if changed[name] != default[name]]
        assert "recordings.yml" not in differing


def test_where_the_runbook_is():
    """On the server that the alert is about; else on the first one; never a path that leads nowhere."""
    files = rule_files(Thresholds(), "classic", "models-1:8082")
    alerts = [rule for text in files.values() for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    links = {rule["alert"]: rule["annotations"]["runbook_url"] for rule in alerts if "alert" in rule}
    own = "{{ if $labels.instance }}{{ $labels.instance }}{{ else }}models-1:8082{{ end }}"
    assert links["ServescopeModelStuck"] == f"http://{own}/runbook#servescopemodelstuck"
    assert links["ServescopeErrors"] == "http://models-1:8082/runbook#servescopeerrors"
    assert links["ServescopeNoTargets"] == "http://models-1:8082/runbook#servescopenotargets"
    assert all(link.startswith("http://") and link.endswith(f"/runbook#{name.lower()}") for name, link in links.items())
    wiki = rule_files(Thresholds(runbook_url="https://wiki.example.org/run"), "classic")
    assert "runbook_url: https://wiki.example.org/run#servescopemodelstuck" in wiki["workers.yml"]


def test_labels_that_routes_go_by():
    """Each alert pages or makes a ticket, tells what it is about, and links to the runbook."""
    alerts = [rule for rule in rules("classic") if "alert" in rule]
    assert len(alerts) == 16 + 28
    for alert in alerts:
        assert alert["labels"]["severity"] in ("page", "ticket")
        assert {"summary", "description", "first_steps", "runbook_url"} == set(alert["annotations"])
        assert "$labels" in alert["annotations"]["description"]
    pairs = [(alert["alert"], alert["labels"].get("window")) for alert in alerts]
    assert len(set(pairs)) == len(pairs)
    assert all(alert["labels"]["role"] == "symptom" for alert in alerts if "window" in alert["labels"])
    assert list(itertools.chain(*(alert["labels"] for alert in alerts))).count("severity") == len(alerts)
