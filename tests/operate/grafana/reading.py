"""The boards as Grafana reads them: JSON; and expressions as Prometheus reads them, by a parser that knows none of ours."""

import json
import re
from functools import cache

import promql_parser

from servescope.operate.grafana.files import grafana_files
from servescope.operate.grafana.provisioning import Sources
from servescope.operate.promql import FORMS

BOARDS = ("servescope-overview", "servescope-model", "servescope-hosts", "servescope-llm", "servescope-torchserve")
EVERY_BOARD = [(form, uid) for form in FORMS for uid in BOARDS]


@cache
def _text(form, uid):
    return grafana_files(form, Sources())[f"dashboards/{uid}.json"]


def board(form, uid):
    """The board's JSON, read anew."""
    return json.loads(_text(form, uid))


def panels(form, uid):
    """Its panels, without the headings of rows."""
    return [panel for panel in board(form, uid)["panels"] if panel["type"] != "row"]


def expressions(form, uid):
    """(title, target's JSON) of every expression of every panel."""
    return [(panel["title"], target) for panel in panels(form, uid) for target in panel["targets"]]


def filled_in(expression):
    """The expression as Grafana sends it, where All is chosen everywhere. Fails for variables that it does not know."""
    text = re.sub(r"\$__(rate_interval|interval|range)\b", "5m", expression)
    text = text.replace("histogram_quantile($quantile,", "histogram_quantile(0.99,")
    text = re.sub(r'=~"\$(job|instance|model|version)"', '=~".*"', text)
    assert "$" not in text, expression
    return text


def selectors(expression):
    """(name, labels of matchers) of every selector."""
    found = []

    def visit(node):
        if isinstance(node, promql_parser.VectorSelector):
            found.append((node.name, {matcher.name for matcher in node.matchers.matchers}))
        elif isinstance(node, promql_parser.MatrixSelector):
            visit(node.vector_selector)

    promql_parser.walk(promql_parser.parse(expression), visit)
    return found


def groupings(expression):
    """Every label of every `by (…)`."""
    found = set()

    def visit(node):
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier is not None:
            found.update(node.modifier.labels)

    promql_parser.walk(promql_parser.parse(expression), visit)
    return found
