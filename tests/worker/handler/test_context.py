"""What a handler reads of its requests and sets on its answers."""

import gc
import json
import weakref

from hypothesis import given
from hypothesis import strategies as st

from servescope.worker.handler.context import Context, RequestProcessor
from worker.conftest import context_of
from worker.written import watched

names = st.text("abcXYZ-", min_size=1, max_size=4)
wires = st.lists(st.tuples(names, st.text(st.characters(max_codepoint=255), max_size=6)), max_size=8)


def as_wire(pairs):
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]


@given(wires, st.dictionaries(names, st.text(max_size=3), max_size=2))
def test_headers_match_a_plain_model_of_last_one_wins_in_any_case(pairs, extra):
    """Every look-up, before and after the headers were decoded, equals a lower-cased dict filled in order."""
    model = {name.lower(): value for name, value in [*pairs, *extra.items()]}
    processor = RequestProcessor(as_wire(pairs), extra)
    for name in [name for name, _ in pairs] + ["absent"]:
        expected = extra.get(name, model.get(name.lower()))
        assert processor.get_request_property(name) == expected
        assert processor.get_request_property(name.swapcase()) == extra.get(name.swapcase(), model.get(name.lower()))
    properties = processor.get_request_properties()
    assert {name.lower(): value for name, value in properties.items()} == model
    for name in model:
        assert properties[name] == properties.get(name.upper()) == model[name]
        assert name.upper() in properties


@given(wires)
def test_iteration_keeps_the_wires_case(pairs):
    """Each name is spelt as its last occurrence on the wire was."""
    last = {name.lower(): name for name, _ in pairs}
    assert set(RequestProcessor(as_wire(pairs)).get_request_properties()) == set(last.values())


def test_headers_are_a_dict_that_json_can_write():
    """Handlers log or return them as they did TorchServe's."""
    headers = RequestProcessor([(b"X-Probe", b"42")]).get_request_properties()
    assert isinstance(headers, dict)
    assert json.loads(json.dumps(headers)) == {"X-Probe": "42"}


def test_headers_stay_case_insensitive_when_a_handler_changes_them():
    """Setting, deleting, popping and copying go by the name in any case."""
    headers = RequestProcessor([(b"X-A", b"1")]).get_request_properties()
    headers["x-a"] = "2"
    assert dict(headers) == {"x-a": "2"}
    assert headers.copy()["X-A"] == "2"
    assert headers.setdefault("X-B", "3") == "3"
    assert headers.pop("x-b") == "3"
    assert headers.pop("x-b", None) is None
    headers.update({"X-C": "4"})
    del headers["x-c"]
    assert list(headers) == ["x-a"]
    headers.clear()
    assert "x-a" not in headers


def test_the_servers_headers_win_over_a_clients_of_the_same_name():
    """A client cannot ask for an explanation by sending the server's own header."""
    processor = RequestProcessor([(b"explain", b"True"), (b"Explain", b"True")], {"explain": "False"})
    assert processor.get_request_property("explain") == "False"
    assert processor.get_request_property("EXPLAIN") == "False"
    assert processor.get_request_properties()["Explain"] == "False"


def test_a_request_processor_takes_a_plain_dict():
    """As TorchServe's does, in handlers' own unit tests."""
    assert RequestProcessor({"Explain": "True"}).get_request_property("explain") == "True"


def test_status_type_and_headers_belong_to_one_answer():
    """What is set for one request of a batch leaves the others alone."""
    context = context_of(({}, {}))
    context.set_response_status(code=418, phrase="teapot", idx=1)
    context.set_response_content_type(0, "text/csv")
    context.set_response_header(0, "x-number", 7)
    assert context.get_response_status(0) == (200, None)
    assert context.get_response_status(1) == (418, "teapot")
    assert context.get_response_content_type(0) == "text/csv"
    assert context.get_response_headers(0) == {"content-type": "text/csv", "x-number": "7"}
    assert context.get_response_header(0, "x-number") == "7"
    assert context.get_response_headers(1) == {}
    context.set_all_response_status(207)
    assert [one.status for one in context.request_processor] == [207, 207]


def test_request_ids_follow_the_batch():
    """Ids are those of the batch in hand, and None beyond it."""
    context = context_of(({}, {}), ids=["a", "b"])
    assert context.request_ids == {0: "a", 1: "b"}
    context.start_batch(["c"], [RequestProcessor(())])
    assert context.get_request_id() == "c"
    assert context.get_request_id(1) is None


def test_system_properties_are_torchserves():
    """Keys and types as handlers read them."""
    assert context_of(model_dir="/models/x").system_properties == {
        "model_dir": "/models/x",
        "gpu_id": None,
        "batch_size": 1,
        "server_name": "MMS",
        "server_version": "9.9",
        "limit_max_image_pixels": True,
    }


def test_sequence_headers_can_be_renamed_by_the_environment():
    """The environment names the header; without it TorchServe's default."""
    context = Context("m", "/d", {}, 1, None, "1", environ={"TS_REQUEST_SEQUENCE_ID": "x-seq"})
    context.start_batch(["a"], [RequestProcessor([(b"X-Seq", b"s1")])])
    assert context.get_sequence_id(0) == "s1"
    assert context.header_key_sequence_start == "ts_request_sequence_start"
    assert context_of().get_sequence_id(0) == ""


def test_a_fork_goes_when_its_batch_is_over():
    """Without the garbage collector, which would come late to what a long stream held; what is written later has its ids."""
    metrics, written = watched("m")
    fork = Context("m", "/d", {}, 1, None, "1", metrics=metrics).fork()
    fork.start_batch(["a", "b"], [RequestProcessor(()), RequestProcessor(())])
    fork.send_partial = lambda outputs, code, context=fork: context.set_response_status(code)
    kept = fork.metrics
    fork.let_go()
    there = weakref.ref(fork)
    gc.disable()
    try:
        del fork
        assert there() is None
    finally:
        gc.enable()
    kept.add_counter("C", 1, idx=1)
    assert [update.request_id for update in written()] == ["a,b"]


def test_a_fork_keeps_its_own_requests_while_the_original_moves_on():
    """Concurrent async batches never see each other's ids, statuses or metric ids, and write to the same metrics."""
    metrics, written = watched("m")
    context = Context("m", "/d", {}, 1, None, "1", metrics=metrics)
    one, two = context.fork(), context.fork()
    one.start_batch(["a"], [RequestProcessor(())])
    two.start_batch(["b"], [RequestProcessor(())])
    one.set_response_status(404)
    two.metrics.add_counter("C", 1)
    one.metrics.add_counter("C", 1)
    assert two.get_response_status(0)[0] == 200
    assert [update.request_id for update in written()] == ["b", "a"]
    assert one.metrics.get_metric("C") is two.metrics.get_metric("C")


def test_contexts_of_the_same_model_and_requests_are_equal():
    """Equality is by what they say, not by which object they are."""
    assert context_of() == context_of()
    assert hash(context_of()) == hash(context_of())
    assert context_of() != context_of(ids=["other"])
    assert context_of() != "context"
