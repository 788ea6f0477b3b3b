"""The envelopes body, json and kserve, there and back, with the answers that TorchServe 0.12.0 gave to the same rows."""

import json

import numpy
import pytest

from servescope.wire.messages import Writing
from servescope.worker.replies.refusal import Refusal
from worker.envelopes.calls import call, refused


def test_body_gives_the_bodies_themselves():
    """`data` before `body`, None for neither."""
    seen, answer = call("body", [{"body": "x"}, {"data": [1]}, {"other": 1}])
    assert seen == [["x", [1], None]]
    assert answer == ["x", [1], None]


def test_json_joins_the_instances_and_shares_out_the_predictions():
    """A request gets as many predictions as it brought instances."""
    seen, answer = call("json", [{"body": {"instances": [1, 2]}}, {"body": b'{"instances": [3]}'}])
    assert seen == [[1, 2, 3]]
    assert [json.loads(one) for one in answer] == [{"predictions": [1, 2]}, {"predictions": [3]}]


def test_json_decodes_base64():
    """An instance, or a field of one, that is `{"b64": …}` reaches the handler as bytes; deeper ones do not."""
    body = {"instances": [{"b64": "aGk="}, {"data": {"b64": "aGk="}, "n": 1, "deep": [{"b64": "aGk="}]}]}
    seen, _ = call("json", [{"body": body}], [1, 2])
    assert seen == [[b"hi", {"data": b"hi", "n": 1, "deep": [{"b64": "aGk="}]}]]


@pytest.mark.parametrize(("explain", "key"), [("False", "predictions"), ("True", "explanations")])
def test_kserve(explain, key):
    """A request's instances are the handler's rows; the answer is named after what was asked for."""
    seen, answer = call("kserve", [{"data": bytearray(b'{"instances": [1, {"b64": "aGk="}]}')}], explain=explain)
    assert seen == [[1, {"b64": "aGk="}]]
    assert answer == [{key: [1, {"b64": "aGk="}]}]


@pytest.mark.parametrize(("explain", "key"), [("False", "predictions"), ("True", "explanations")])
def test_no_instances(explain, key):
    """An answer with none, for which no handler is asked: it may not know what to do with nothing."""
    seen, answer = call("kserve", [{"body": {"instances": []}}], explain=explain)
    assert (seen, answer) == ([], [{key: []}])
    seen, answer = call("json", [{"body": {"instances": []}}, {"body": b'{"instances": []}'}])
    assert (seen, answer) == ([], ['{"predictions": []}'] * 2)


def test_one_of_a_json_batch_without_instances():
    """It has none, and the others theirs."""
    seen, answer = call("json", [{"body": {"instances": []}}, {"body": {"instances": [1]}}])
    assert (seen, answer) == ([[1]], ['{"predictions": []}', '{"predictions": [1]}'])


def test_arrays():
    """What numpy gives is written: an array for all, or one for each instance."""
    body = {"instances": [1, 2]}
    _, answer = call("json", [{"body": body}, {"body": {"instances": [3]}}], numpy.array([[1.5], [2.5], [3.5]]))
    assert answer == ['{"predictions": [[1.5], [2.5]]}', '{"predictions": [[3.5]]}']
    _, answer = call("json", [{"body": body}], [numpy.float32(0.5), {"a": numpy.int64(3)}])
    assert answer == ['{"predictions": [0.5, {"a": 3}]}']


@pytest.mark.parametrize(("nan", "text"), [("keep", '{"predictions": [NaN]}'), ("null", '{"predictions": [null]}')])
def test_nan_in_predictions(nan, text):
    """As `json_nan` says."""
    assert call("json", [{"body": {"instances": [1]}}], [float("nan")], writing=Writing(nan))[1] == [text]


def test_nan_refused():
    """With an error for its own request, and for no other."""
    rows = [{"body": {"instances": [1]}}, {"body": {"instances": [2]}}]
    answer = call("json", rows, [float("nan"), 2.0], writing=Writing("error"))[1]
    assert isinstance(answer[0], Refusal)
    assert (answer[0].status, answer[0].mistake, answer[1]) == (500, False, '{"predictions": [2.0]}')


@pytest.mark.parametrize("envelope", ["json", "kserve"])
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([1], "a JSON object with a list under 'instances'"),
        ({"inputs": [1]}, "a JSON object with a list under 'instances'"),
        ({"instances": 1}, "a JSON object with a list under 'instances'"),
        (None, "a JSON object with a list under 'instances'"),
        ("text", "no JSON"),
        (bytearray(b""), "no JSON"),
        (bytearray(b"\xff"), "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[1]", "a JSON object with a list under 'instances'"),
    ],
)
def test_a_clients_mistake(envelope, body, words):
    """400, that names the option, its value and what is missing; the handler hears nothing of it."""
    text = refused(envelope, {"body": body})
    assert f"service_envelope={envelope}" in text
    assert words in text


@pytest.mark.parametrize("b64", [5, "a", None, ["x"]])
def test_what_is_no_base64(b64):
    """400 too."""
    assert "base64" in refused("json", {"body": {"instances": [{"b64": b64}]}})
    assert "base64" in refused("json", {"body": {"instances": [{"data": {"b64": b64}}]}})
