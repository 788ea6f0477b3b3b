"""Parameters of the management API."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.model.autoscale import Mode
from servescope.config.model.options import RegisterOptions
from servescope.config.model.register import (
    ScaleOptions,
    parse_register,
    parse_register_body,
    parse_register_json,
    parse_scale,
)
from servescope.errors import BadRequest, JsonSyntax

NUMBERS = ["batch_size", "max_batch_delay", "initial_workers", "response_timeout", "startup_timeout"]
FULL = RegisterOptions(
    url="m.mar",
    model_name="m",
    handler="h.py:f",
    runtime="python3",
    batch_size=4,
    max_batch_delay=0,
    initial_workers=2,
    synchronous=False,
    response_timeout=5,
    startup_timeout=6,
    s3_sse_kms=True,
)
QUERY = {
    "url": "m.mar",
    "model_name": "m",
    "handler": "h.py:f",
    "runtime": "python3",
    "batch_size": "4",
    "max_batch_delay": "0",
    "initial_workers": "2",
    "synchronous": "false",
    "response_timeout": "5",
    "startup_timeout": "6",
    "s3_sse_kms": "TRUE",
}


def test_query_reads_every_parameter():
    """All of the contract's."""
    assert parse_register(QUERY) == FULL


def test_json_reads_every_parameter():
    """Typed, or as texts."""
    typed = {
        **QUERY,
        "batch_size": 4,
        "max_batch_delay": 0.0,
        "initial_workers": 2,
        "synchronous": False,
        "response_timeout": 5,
        "startup_timeout": 6,
        "s3_sse_kms": True,
    }
    assert parse_register_json(typed) == FULL
    assert parse_register_json(QUERY) == FULL


@pytest.mark.parametrize("parse", [parse_register, parse_register_json])
def test_only_a_url_is_needed(parse):
    """All else is left open, synchronous; in JSON too max_batch_delay is not -10000."""
    assert parse({"url": "m.mar"}) == RegisterOptions(url="m.mar")
    assert parse({"url": "m.mar"}).synchronous


@pytest.mark.parametrize("parse", [parse_register, parse_register_json])
def test_url_is_required(parse):
    """With the contract's words."""
    with pytest.raises(BadRequest, match=r"^Parameter url is required\.$"):
        parse({"model_name": "m"})


def test_an_empty_url_is_left_to_the_archive():
    """It has its own answer there: 404, empty url."""
    assert parse_register({"url": ""}).url == ""


def test_null_means_not_given():
    """Also for the url."""
    assert parse_register_json({"url": "m", "batch_size": None, "handler": None}) == RegisterOptions(url="m")
    with pytest.raises(BadRequest, match="url is required"):
        parse_register_json({"url": None})


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("text", ["abc", "-1", "", "1.5", "1_0", "٣", "99999999999", "9" * 5000, "-" + "9" * 5000])
def test_bad_numbers_name_parameter_and_value(name, text):
    """400 instead of the default (departure)."""
    with pytest.raises(BadRequest) as caught:
        parse_register({"url": "m", name: text})
    assert name in str(caught.value)
    assert text[:20] in str(caught.value)


BOUNDS = {
    "batch_size": "65536",
    "max_batch_delay": "86400000",
    "initial_workers": "16 (max_workers_per_model)",
    "response_timeout": "31536000",
    "startup_timeout": "31536000",
}


@pytest.mark.parametrize(("name", "bound"), BOUNDS.items())
@pytest.mark.parametrize("text", ["2000000000", "9" * 30, "9" * 5000], ids=["10", "30", "5000"])
def test_every_number_has_a_bound(name, bound, text):
    """In the query and in a body, as a number or as a text: parameter, value and bound are named."""
    assert set(BOUNDS) == set(NUMBERS)
    reads = [
        lambda: parse_register({"url": "m", name: text}, 16),
        lambda: parse_register_body(json.dumps({"url": "m", name: text}).encode(), 16),
    ]
    if len(text) < 100:
        reads.append(lambda: parse_register_body(b'{"url": "m", "%s": %s}' % (name.encode(), text.encode()), 16))
    for read in reads:
        with pytest.raises(BadRequest) as caught:
            read()
        assert str(caught.value).startswith(f"Parameter {name} must be at most {bound}: '{text[:70]}")
        assert len(str(caught.value)) < 250


@pytest.mark.parametrize("name", ["min_worker", "max_worker"])
@pytest.mark.parametrize("text", ["17", "2000000000", "9" * 5000], ids=["17", "10", "5000"])
def test_workers_have_a_bound(name, text):
    """For scaling too."""
    with pytest.raises(BadRequest) as caught:
        parse_scale({name: text}, 16)
    assert str(caught.value).startswith(f"Parameter {name} must be at most 16 (max_workers_per_model): '{text[:70]}")
    assert parse_scale({name: "16", "max_worker": "16"}, 16).max_worker == 16


@pytest.mark.parametrize("name", ["batch_size", "response_timeout", "startup_timeout"])
def test_zero_where_it_makes_no_sense(name):
    """A batch of none, or no time at all."""
    with pytest.raises(BadRequest, match=f"{name} must be at least 1"):
        parse_register({"url": "m", name: "0"})


@pytest.mark.parametrize("value", [True, 1.5, -1, 2**31, 10**400, [1], {"a": 1}, "x"])
def test_bad_numbers_in_json(value):
    """Neither are these."""
    with pytest.raises(BadRequest, match="batch_size"):
        parse_register_json({"url": "m", "batch_size": value})


@pytest.mark.parametrize(("name", "value"), [("url", 1), ("model_name", []), ("synchronous", 1), ("runtime", True)])
def test_wrong_types_in_json(name, value):
    """Named as well."""
    with pytest.raises(BadRequest, match=name):
        parse_register_json({"url": "m", name: value})


def test_runtimes():
    """python, python3 and LSP; all else gets the contract's words."""
    assert [parse_register({"url": "m", "runtime": r}).runtime for r in ("python", "python3", "LSP")]
    with pytest.raises(BadRequest, match=r"^Invalid RuntimeType value: java$"):
        parse_register({"url": "m", "runtime": "java"})


def test_flags_are_true_only_for_true():
    """As in TorchServe."""
    assert parse_register({"url": "m", "synchronous": "True"}).synchronous
    assert not parse_register({"url": "m", "synchronous": "yes"}).synchronous


def test_unknown_parameters_are_listed():
    """And otherwise ignored."""
    assert parse_register({"url": "m", "batchsize": "4", "x": "y"}).unknown == ("batchsize", "x")
    assert parse_scale({"workers": "4", "number_gpu": "1", "timeout": "-1"}).unknown == ("workers",)


def test_unknown_parameters_without_end():
    """Are not all listed, nor any of them whole."""
    unknown = parse_register({"url": "m", **{f"{number}" * 1000: "" for number in range(10_000)}}).unknown
    assert (len(unknown), unknown[-1], max(map(len, unknown))) == (21, "(9980 more)", 80)


@pytest.mark.parametrize("body", [b"", b"{", b"nope", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json(body):
    """500 as TorchServe's, with a text that says so."""
    with pytest.raises(JsonSyntax, match=r"^Invalid JSON in the request body"):
        parse_register_body(body)


@pytest.mark.parametrize("body", [b"[]", b"1", b'"url"', b"null"])
def test_a_body_that_is_no_object(body):
    """500 as TorchServe's, with a text that says so."""
    with pytest.raises(JsonSyntax, match="must be a JSON object"):
        parse_register_body(body)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ScaleOptions(min_worker=1)),
        ({"min_worker": "3"}, ScaleOptions(min_worker=3)),
        ({"max_worker": "4"}, ScaleOptions(max_worker=4)),
        ({"autoscale": "Act"}, ScaleOptions(autoscale=Mode.ACT)),
        ({"autoscale": "off", "min_worker": "2"}, ScaleOptions(autoscale=Mode.OFF, min_worker=2)),
        (
            {"min_worker": "2", "max_worker": "4", "synchronous": "true", "model_version": "2.0"},
            ScaleOptions(min_worker=2, max_worker=4, synchronous=True, model_version="2.0"),
        ),
    ],
)
def test_scale(params, expected):
    """Nothing at all is TorchServe's min_worker=1; asynchronous unless asked for."""
    assert parse_scale(params) == expected


@pytest.mark.parametrize(
    ("asked", "there", "fixed", "autoscaled"),
    [
        ({"min_worker": 3}, (1, 4), (3, 3), (3, 4)),
        ({"min_worker": 6}, (1, 4), (6, 6), (6, 6)),
        ({"min_worker": 0}, (1, 4), (0, 0), (0, 0)),
        ({"max_worker": 4}, (2, 3), (1, 4), (2, 4)),
        ({"max_worker": 1}, (2, 3), (1, 1), (1, 1)),
        ({"min_worker": 2, "max_worker": 2}, (1, 4), (2, 2), (2, 2)),
        ({"min_worker": 0, "max_worker": 4}, (1, 4), (0, 4), (0, 4)),
    ],
)
def test_bounds_that_are_asked_for(asked, there, fixed, autoscaled):
    """TorchServe's defaults where nobody scales; else one bound alone moves the other only where it must, but for a floor of 0,
    which alone is to have no workers.
    """
    assert ScaleOptions(**asked).bounds(*there, autoscaled=False) == fixed
    assert ScaleOptions(**asked).bounds(*there, autoscaled=True) == autoscaled


def test_a_maximum_below_the_default_minimum():
    """As TorchServe: min_worker is 1 where only max_worker is given, unless the model is autoscaled."""
    with pytest.raises(BadRequest, match=r"^max_worker cannot be less than min_worker\.$"):
        ScaleOptions(max_worker=0).bounds(1, 1, autoscaled=False)
    assert ScaleOptions(max_worker=0).bounds(1, 1, autoscaled=True) == (0, 0)


@pytest.mark.parametrize("text", ["", "on", "true", "acting", "ACT "])
def test_an_autoscale_that_is_no_mode(text):
    """400 that names the parameter, the modes and the value."""
    with pytest.raises(BadRequest) as caught:
        parse_scale({"autoscale": text})
    assert str(caught.value) == f"Parameter autoscale is none of off, advise, act: {text!r}"


def test_scale_max_below_min():
    """With the contract's words."""
    with pytest.raises(BadRequest, match=r"^max_worker cannot be less than min_worker\.$"):
        parse_scale({"min_worker": "3", "max_worker": "1"})


@pytest.mark.parametrize("name", ["min_worker", "max_worker"])
@pytest.mark.parametrize("text", ["abc", "-1", ""])
def test_scale_bad_numbers(name, text):
    """400 that names parameter and value (departure)."""
    with pytest.raises(BadRequest) as caught:
        parse_scale({name: text})
    assert name in str(caught.value)
    assert repr(text) in str(caught.value)


names = st.sampled_from(
    ["url", "model_name", "runtime", "synchronous", "min_worker", "max_worker", "autoscale", *NUMBERS]
)


@given(st.dictionaries(names, st.text()))
def test_any_query_is_read_or_refused(params):
    """No query raises anything but BadRequest."""
    for parse in (parse_register, parse_scale):
        try:
            parse(params)
        except BadRequest:
            pass


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)


@given(st.dictionaries(names, values) | values)
def test_any_json_is_read_or_refused(obj):
    """Nor does any body."""
    try:
        parse_register_body(json.dumps(obj).encode("utf-8", "surrogatepass"))
    except (BadRequest, JsonSyntax):
        pass
