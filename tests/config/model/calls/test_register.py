"""Parameters of the management API."""

import contextlib
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.model.calls import register
from servescope.config.model.options import RegisterOptions
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


def quietly(parse):
    """The parser, for input that gives no cause for warnings."""

    def read(given, most=16):
        warnings = []
        options = parse(given, warnings.append, most)
        assert warnings == []
        return options

    return read


parse_register, parse_register_json, parse_register_body = map(
    quietly, (register.parse_register, register.parse_register_json, register.parse_register_body)
)


def warned(given, parse=register.parse_register):
    """What becomes of input that gives cause for warnings, and these."""
    warnings = []
    return parse(given, warnings.append, 16), warnings


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
@pytest.mark.parametrize("text", ["abc", "1.5", "1_0", "٣", "-", "--1", "99999999999", "9" * 5000])
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


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("text", ["-1", "-0002", "-" + "9" * 5000], ids=["-1", "-2", "5000"])
def test_negative_numbers_mean_the_default(name, text):
    """As in TorchServe, but not without a word, in the query and in a body."""
    least = 0 if name in ("max_batch_delay", "initial_workers") else 1
    told = f"{name}='{text[:70]}"
    for options, warnings in (
        warned({"url": "m", name: text}),
        warned({"url": "m", name: text}, register.parse_register_json),
    ):
        assert options == RegisterOptions(url="m")
        assert len(warnings) == 1
        assert warnings[0].startswith(told)
        assert warnings[0].endswith(f"must be at least {least}: the default is used")
        assert len(warnings[0]) < 200


@pytest.mark.parametrize("name", ["batch_size", "response_timeout", "startup_timeout"])
def test_zero_where_it_makes_no_sense(name):
    """A batch of none, or no time at all: the default, too. No delay and no workers make sense."""
    for value in ("0", "-0", "000", 0, 0.0, -0.0):
        options, warnings = warned({"url": "m", name: value}, register.parse_register_json)
        assert (options, len(warnings)) == (RegisterOptions(url="m"), 1)
    assert parse_register({"url": "m", "max_batch_delay": "0", "initial_workers": "0"}).max_batch_delay == 0


@pytest.mark.parametrize("name", [*NUMBERS, "model_name", "handler", "runtime", "synchronous", "s3_sse_kms"])
@pytest.mark.parametrize("parse", [parse_register, parse_register_json])
def test_an_empty_value_means_not_given(parse, name):
    """Without a word; that of synchronous is true then, which TorchServe takes for false."""
    assert parse({"url": "m", name: ""}) == RegisterOptions(url="m")


@pytest.mark.parametrize("value", [True, 1.5, 2**31, 10**400, [1], {"a": 1}, "x"])
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


@pytest.mark.parametrize("parse", [register.parse_register, register.parse_register_json])
def test_unknown_parameters_are_told(parse):
    """And otherwise ignored."""
    options, warnings = warned({"url": "m", "batchsize": "4", "x": ""}, parse)
    assert options == RegisterOptions(url="m")
    assert warnings == ["unknown parameter batchsize is ignored", "unknown parameter x is ignored"]


def test_unknown_parameters_are_told_with_a_refusal():
    """The one for which something is missing, more often than not."""
    warnings = []
    with pytest.raises(BadRequest, match="url is required"):
        register.parse_register({"ulr": "m.mar"}, warnings.append)
    assert warnings == ["unknown parameter ulr is ignored"]


def test_unknown_parameters_without_end():
    """Are not all told, nor any of them whole."""
    _, warnings = warned({"url": "m", **{f"{number}" * 1000: "" for number in range(10_000)}})
    assert (len(warnings), max(map(len, warnings))) == (21, 80 + len("unknown parameter  is ignored"))
    assert warnings[-1] == "unknown parameter (9980 more) is ignored"


def test_a_url_that_was_cut():
    """A presigned one that was not percent-encoded: what became of its end is named, before any download. Values are not."""
    cut = {
        "url": "https://h/m.mar?X-Amz-Algorithm=A",
        "X-Amz-Signature": "secret",
        "X-Amz-Date": "1",
        "batch_size": "2",
    }
    told = r"^Parameter url ends at its first &: percent-encode it\. Not understood: X-Amz-Signature, X-Amz-Date$"
    with pytest.raises(BadRequest, match=told):
        register.parse_register(cut, [].append)
    for url in ("m.mar?x", "https://h/m.mar"):  # ends where it should
        assert warned({"url": url, "typo": "1"})[0].url == url
    assert parse_register({"url": "https://h/m.mar?a=1&b=2", "batch_size": "2"}).batch_size == 2
    assert warned({"url": "https://h/m.mar?a=1&b=2", "typo": "1"}, register.parse_register_json)[0].url.endswith("b=2")


@pytest.mark.parametrize("name", [".", "..", "a/b", "a\\b", "a\nb"])
@pytest.mark.parametrize("parse", [parse_register, parse_register_json])
def test_names_that_no_path_can_say(parse, name):
    """Are refused before anything is downloaded, and shown."""
    with pytest.raises(BadRequest, match=re.escape(f"Parameter model_name {name!a}: ")):
        parse({"url": "m", "model_name": name})


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


names = st.sampled_from(["url", "model_name", "runtime", "synchronous", "odd", *NUMBERS])


@given(st.dictionaries(names, st.text()))
def test_any_query_is_read_or_refused(params):
    """No query raises anything but BadRequest."""
    with contextlib.suppress(BadRequest):
        register.parse_register(params, [].append)


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)


@given(st.dictionaries(names, values) | values)
def test_any_json_is_read_or_refused(obj):
    """Nor does any body."""
    with contextlib.suppress(BadRequest, JsonSyntax):
        register.parse_register_body(json.dumps(obj).encode("utf-8", "surrogatepass"), [].append)
