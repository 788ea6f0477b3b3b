"""Expressions: a parser reads all that can be built, with the meaning it was built with; what cannot be right raises."""

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.metrics.definitions import DEFINITIONS
from servescope.operate.promql import (
    FORMS,
    Expression,
    PromqlError,
    Recording,
    Recordings,
    absent,
    clamp_min,
    equal,
    events_increase,
    increase,
    label_text,
    like,
    max_by,
    mean,
    metric,
    number,
    quantile,
    rate,
    sum_by,
    sum_over_time,
    topk,
)

REQUESTS = metric("servescope_requests_total")
DURATION = metric("servescope_request_duration_seconds")
MODEL = ("model_name", "model_version")
LEAF = sum_by(rate(REQUESTS, "5m"), *MODEL)

ARITHMETIC = ["+", "-", "*", "/", "%"]
COMPARISONS = [">", "<", ">=", "<=", "==", "!="]
SETS = ["and", "or", "unless"]


def shape(node):
    """A parsed expression as nested tuples, without its parentheses."""
    if isinstance(node, promql_parser.ParenExpr):
        return shape(node.expr)
    if isinstance(node, promql_parser.BinaryExpr):
        return (str(node.op), shape(node.lhs), shape(node.rhs))
    return node.prettify().strip()


@st.composite
def trees(draw, depth=4):
    """An expression and the shape that it should have."""
    if depth == 0 or draw(st.booleans()):
        leaf = draw(st.sampled_from([REQUESTS, DURATION.count]))
        made = sum_by(rate(leaf, draw(st.sampled_from(["5m", "1h"]))), *MODEL)
        return made, promql_parser.parse(str(made)).prettify().strip()
    operator = draw(st.sampled_from(ARITHMETIC + COMPARISONS + SETS))
    left, left_shape = draw(trees(depth=depth - 1))
    right, right_shape = draw(trees(depth=depth - 1))
    return left.join(operator, right), (operator, left_shape, right_shape)


@given(trees())
def test_precedence(tree):
    """Whatever is joined in whatever order is read back in that order."""
    expression, wanted = tree
    assert shape(promql_parser.parse(str(expression))) == wanted
    assert expression.labels == frozenset(MODEL)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers(value):
    """Every digit of a number is kept, and a negative one stands where it should."""
    text = str(LEAF - value)
    assert float(str(number(value))) == value
    assert shape(promql_parser.parse(text))[0] == "-"


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda one: one.name)
def test_every_family(definition):
    """Each family can be selected, by each of its labels, and grouped by them."""
    selector = metric(definition.name).where(*(like(label, ".+") for label in definition.labels))
    promql_parser.parse(str(sum_by(selector.now, *definition.labels)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "definition", [one for one in DEFINITIONS if one.kind == "histogram"], ids=lambda one: one.name
)
def test_every_histogram(definition, form):
    """Quantiles, means and counts in both forms."""
    histogram = metric(definition.name)
    for made in (
        quantile(0.99, histogram, "5m", definition.labels, form),
        mean(histogram, "5m", definition.labels, form),
        events_increase(histogram, "5m", definition.labels, form),
    ):
        promql_parser.parse(str(made))
        assert ("_bucket" in str(made) or "_count{" in str(made) or "_count[" in str(made)) == (form == "classic")


def test_the_two_forms():
    """The texts of docs/measuring.md."""
    ok = DURATION.where(equal("outcome", "ok"))
    assert str(quantile(0.99, ok, "5m", ("model_name",), "classic")) == (
        'histogram_quantile(0.99, sum by (model_name, le) (rate(servescope_request_duration_seconds_bucket{outcome="ok"}[5m])))'
    )
    assert str(quantile(0.99, ok, "5m", ("model_name",), "native")) == (
        'histogram_quantile(0.99, sum by (model_name) (rate(servescope_request_duration_seconds{outcome="ok"}[5m])))'
    )


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: metric("servescope_request_total"), "did you mean servescope_requests_total"),
        (lambda: REQUESTS.where(equal("model", "x")), "no label model"),
        (lambda: REQUESTS.bucket, "is a counter"),
        (lambda: sum_by(rate(REQUESTS, "5m"), "stage"), "no label stage"),
        (lambda: sum_by(LEAF, "code"), "no label code"),
        (lambda: rate(metric("servescope_queue_depth"), "5m"), "is a gauge"),
        (lambda: rate(REQUESTS, "five"), "'five'"),
        (lambda: REQUESTS.ago("-1h"), "-1h"),
        (lambda: LEAF / sum_by(rate(REQUESTS, "5m"), "model_name"), "no series can match"),
        (lambda: LEAF.join("*", LEAF, on=["code"]), "no label code"),
        (lambda: LEAF.join("*", LEAF, on=["model_name"], group_left=["handler"]), "handler"),
        (lambda: LEAF.join("^", LEAF), "'\\^'"),
        (lambda: LEAF.and_on(number(1)), "only vectors"),
        (lambda: number(float("nan")), "nan"),
        (lambda: sum_by(number(1)), "scalar"),
        (lambda: quantile(1.5, DURATION, "5m", MODEL, "classic"), "1.5"),
        (lambda: quantile("$q", DURATION, "5m", MODEL, "classic"), "q"),
        (lambda: quantile(0.5, REQUESTS, "5m", MODEL, "native"), "no histogram"),
        (lambda: Recording("requests", LEAF), "level:metric:operations"),
        (lambda: Recording("a:b:c", number(1)), "scalar"),
        (lambda: Recordings(())["a:b:c"], "a:b:c"),
        (lambda: Recordings((Recording("a:b:c", LEAF),) * 2), "a:b:c"),
    ],
)
def test_what_cannot_be_right(make, named):
    """Raised where it is written, with the name in question."""
    with pytest.raises(PromqlError, match=named):
        make()


def test_recordings_are_read():
    """A recording is read by its name, with the labels of its expression and no others."""
    recordings = Recordings((Recording("model:servescope_requests:rate5m", LEAF),))
    selector = recordings.read("model:servescope_requests:rate5m")
    assert str(sum_over_time(selector, "1h")) == "sum_over_time(model:servescope_requests:rate5m[1h])"
    with pytest.raises(PromqlError, match="instance"):
        sum_by(selector.now, "instance")
    with pytest.raises(PromqlError, match="gauge"):
        rate(selector, "5m")


def test_labels_that_are_matched():
    """What is taken over from the other side is there afterwards, and what is not matched by is gone."""
    info = metric("servescope_model_info").now
    joined = LEAF.join("*", max_by(info, *MODEL, "handler"), on=MODEL, group_left=["handler"])
    assert joined.labels == {*MODEL, "handler"}
    one = LEAF.join("/", max_by(info, *MODEL, "handler"), on=MODEL)
    assert one.labels == set(MODEL)
    promql_parser.parse(str(joined))


@pytest.mark.parametrize(
    "made",
    [
        topk(3, LEAF),
        clamp_min(LEAF, 0.5),
        absent(metric("up").where(equal("job", "servescope"))),
        label_text(LEAF, "slo", 'a"$1'),
        max_by(LEAF > 1, "model_name"),
        1 - LEAF,
        2.5 * LEAF,
        LEAF.join(">", 1, boolean=True),
        sum_by(increase(REQUESTS, "1h30m")),
        metric("up").now.equals(0),
        metric("servescope_queue_depth").ago("2h"),
    ],
)
def test_the_rest_parses(made: Expression):
    """Functions and operators with numbers."""
    promql_parser.parse(str(made))
