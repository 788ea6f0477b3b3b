"""Queries for autoscalers, read by a parser of PromQL. `tests/integration/kubernetes` asks a real Prometheus."""

import promql_parser
import pytest

from docs.promql import selectors
from servescope.metrics.definitions import BY_NAME
from servescope.operate.kubernetes.queries import adapter_query, work_query
from servescope.operate.promql import PromqlError, selector

BOTH = pytest.mark.parametrize("several", [False, True])


def filled_in(query):
    """As prometheus-adapter asks it."""
    return query.replace("<<.LabelMatchers>>", 'namespace="n",pod=~"a|b"').replace("<<.GroupBy>>", "pod")


@BOTH
def test_both_are_promql_of_families_that_there_are(several):
    """With the same families in both."""
    keda = str(work_query("n", "d", several_at_once=several))
    adapter = adapter_query(several_at_once=several)
    for text in (keda, filled_in(adapter.query), adapter.series):
        promql_parser.parse(text)
        assert {one.name for one in selectors(text)} <= BY_NAME.keys()
    assert "<<" not in filled_in(adapter.query)


@BOTH
def test_every_selector_is_narrowed_to_the_pods(several):
    """Nothing of another namespace or Deployment is ever counted."""
    wanted = {("namespace", "=", "n"), ("deployment", "=", "d")}
    assert all(set(one.matchers) == wanted for one in selectors(str(work_query("n", "d", several_at_once=several))))
    text = adapter_query(several_at_once=several).query
    assert text.count("{<<.LabelMatchers>>}") == text.count("{") == len(selectors(filled_in(text)))


@BOTH
def test_counters_are_read_by_their_rate(several):
    """Gauges never are."""
    for text in (str(work_query("n", "d", several_at_once=several)), adapter_query(several_at_once=several).query):
        for one in selectors(filled_in(text)):
            assert (BY_NAME[one.name].kind == "counter") == (f"rate({one.name}" in text)


@BOTH
def test_a_renamed_family_raises(several, monkeypatch):
    """Each that is read."""
    for name in {one.name for one in selectors(str(work_query("n", "d", several_at_once=several)))}:
        with monkeypatch.context() as patch:
            patch.setattr(selector, "BY_NAME", {key: value for key, value in BY_NAME.items() if key != name})
            with pytest.raises(PromqlError, match=f"there is no family {name}"):
                work_query("n", "d", several_at_once=several)


def test_names_are_quoted():
    """Whatever they are."""
    text = str(work_query('a"b', "c\\d", several_at_once=False))
    promql_parser.parse(text)
    assert r'namespace="a\"b",deployment="c\\d"' in text
