"""A worker with an ordinary handler: loaded, served and stopped over a real socket, whatever the handler does."""

import json
import socket
from contextlib import nullcontext

import pytest

from servescope.wire.blocking import BlockingChannel, ChannelClosed
from servescope.wire.frames import encode
from servescope.wire.messages import Batch, Cancel, Field, Stop
from servescope.wire.records import decode_record
from servescope.worker.handler.loader import LoadedHandler
from servescope.worker.replies.failures import Failure, failure_of
from servescope.worker.replies.records import REQUESTS
from servescope.worker.replies.texts import TEXT_LIMIT
from servescope.worker.sessions.session import Session
from servescope.worker.sessions.terms import Terms
from worker.conftest import context_of
from worker.front import Front, request

ECHO = """
def handle(data, context):
    if data is None:
        return
    return [row["body"] for row in data]
"""

ODD = """
from ts.service import PredictionException

class Odd:
    def handle(self, data, context):
        want = data[0]["body"].decode()
        if want == "status":
            context.set_response_status(int(data[0]["value"]))
        elif want == "header":
            context.set_response_header(0, "x", "\\udc80")
        elif want == "numbers":
            context.get_response_headers(0)[5] = 6
        elif want == "long":
            return [row["body"].decode() and "x" * int(row.get("size", "4")) for row in data]
        elif want == "said":
            raise PredictionException("x" * 100_000, 200)
        elif want == "lone":
            raise PredictionException("\\udc80", 200)
        elif want == "huge code":
            raise PredictionException("no", 10**5000)
        elif want == "wordy":
            raise PredictionException("x" * 100_000, 404)
        elif want == "prediction":
            raise PredictionException("too big", 413)
        elif want == "textless":
            class Textless(Exception):
                def __str__(self):
                    raise RuntimeError("no text")
            raise Textless
        elif want == "raise":
            raise ValueError("never mind")
        elif want == "list":
            return "no list"
        elif want == "memory":
            raise MemoryError
        elif want == "cuda":
            raise RuntimeError("CUDA error")
        return ["fine"]
"""

STREAM = """
from ts.handler_utils.utils import send_intermediate_predict_response

def handle(data, context):
    if data is None:
        return
    context.set_response_content_type(0, "text/plain")
    for number in range(2):
        send_intermediate_predict_response(
            [f"{n}.{number}" for n in range(len(data))], context.request_ids, "ok", 200, context)
    return ["end"] * len(data)
"""


@pytest.fixture
def front():
    front = Front()
    yield front
    front.close()


def test_a_session(front, model):
    """It loads, answers batches, ignores a Cancel and ends with 0 when told to stop."""
    loaded = front.load(model.directory, model.write("echo.py", ECHO))
    assert (loaded.code, loaded.message, loaded.concurrent) == (200, "", False)
    for number in (1, 2):
        reply = front.ask(request("a", b"x"), request("b", b'{"k": 1}', content_type="application/json"), number=number)
        assert (reply.batch_id, reply.code, reply.final) == (number, 200, True)
        assert [part.data for part in reply.parts] == [b"x", b'{\n  "k": 1\n}']
        assert reply.stages["prediction"] >= 0
        front.send(Cancel(number, "a"))
    front.send(Stop())
    assert front.join() == 0


@pytest.mark.parametrize("told", [True, False])
def test_no_requests_are_in_hand_when_it_is_over(told):
    """What the worker's end has to say is about none, whether it was told to stop or left alone."""
    seen = []
    near, far = socket.socketpair()
    with near, far:
        near.sendall(encode(Batch(1, [request("a"), request("b")])) + (encode(Stop()) if told else b""))
        near.shutdown(socket.SHUT_WR)
        handler = LoadedHandler(lambda rows, _context: seen.append(REQUESTS.get()) or ["x"] * len(rows), False)
        session = Session(Terms(BlockingChannel(far), handler, context_of(), decode=True))
        with nullcontext() if told else pytest.raises(ChannelClosed):
            session.run()
    assert (seen, REQUESTS.get()) == ([["a", "b"]], ())


def test_large_bodies_there_and_back(front, model):
    """Beside the messages in both directions, each request its own."""
    front.load(model.directory, model.write("echo.py", ECHO))
    bodies = [b"1" * 100_000, b"small", b"3" * 200_000]
    requests = [
        request(str(n), fields=[Field("body", "", len(body) if len(body) > 10 else body)])
        for n, body in enumerate(bodies)
    ]
    front.send(Batch(1, requests), [bodies[0], bodies[2]])
    reply, attachments = front.receive()
    got = [bytes(attachments.take(part.data)) if isinstance(part.data, int) else part.data for part in reply.parts]
    assert got == bodies


def test_the_front_end_goes(front, model):
    """The worker ends by ChannelClosed, which its main turns into 0."""
    front.load(model.directory, model.write("echo.py", ECHO))
    front.near.close()
    assert isinstance(front.join(), ChannelClosed)


def test_batches_sent_ahead(front, model):
    """Are answered in their order."""
    front.load(model.directory, model.write("echo.py", ECHO))
    for number in range(20):
        front.send(Batch(number, [request("r", b"%d" % number)]))
    replies = [front.receive()[0] for _ in range(20)]
    assert [(reply.batch_id, reply.parts[0].data) for reply in replies] == [(n, b"%d" % n) for n in range(20)]


@pytest.mark.parametrize(
    ("want", "code", "text"),
    [
        ("raise", 503, "Prediction failed"),
        ("list", 503, "Invalid model predict output"),
        ("prediction", 507, "too big"),
        ("memory", 507, "Out of resources"),
        ("cuda", 507, "Out of resources"),
        ("textless", 503, "Prediction failed"),
        ("huge code", 500, "no (raised with the impossible code int (which cannot be shown: ValueError))"),
    ],
)
def test_errors_are_answers(front, model, capsys, want, code, text):
    """And name their requests in the model log; the worker serves on, with the next request untouched by it."""
    front.load(model.directory, model.write("odd.py", ODD))
    reply = front.ask(request("my-id", want.encode()))
    assert reply.code == code
    assert text is None or reply.message == text
    assert (reply.parts, list(reply.stages)) == ([], ["prediction"])  # it took time, and that is told
    assert reply.deliberate == (want in ("prediction", "huge code"))
    assert "my-id" in capsys.readouterr().err
    assert front.ask(request("b", b"fine")).parts[0].data == b"fine"


@pytest.mark.parametrize("status", [99999999999999999999999, -(2**70), 0, 199, 1000])
def test_a_status_that_http_has_not(front, model, capsys, status):
    """Costs that request its answer, and nobody else's."""
    front.load(model.directory, model.write("odd.py", ODD))
    fields = [Field("body", "", b"status"), Field("value", "text/plain", str(status).encode())]
    reply = front.ask(request("a", fields=fields))
    assert (reply.code, reply.parts[0].error) == (200, f"Invalid response status {status}")
    assert "Request a gets no answer" in capsys.readouterr().err
    assert front.ask(request("b", b"fine")).parts[0].error == ""


@pytest.mark.parametrize(
    ("want", "error"), [("header", "Invalid response header 'x': '\\\\udc80'"), ("numbers", ""), ("lone", "")]
)
def test_what_no_message_can_hold(front, model, want, error):
    """Is its own request's fault, or is written as text."""
    front.load(model.directory, model.write("odd.py", ODD))
    reply = front.ask(request("a", want.encode()))
    assert (reply.code, reply.parts[0].error) == (200, error)
    assert front.ask(request("b", b"fine")).code == 200


@pytest.mark.parametrize("size", [99, 100, 101])
def test_an_answer_over_the_limit(front, model, size):
    """Fails alone: those of its batch that are not have theirs, and the worker goes on."""
    front.load(model.directory, model.write("odd.py", ODD), answer_limit=100)
    long = [Field("body", "", b"long"), Field("size", "text/plain", b"%d" % size)]
    short = [Field("body", "", b"long")]
    reply = front.ask(*(request(name, fields=fields) for name, fields in (("a", short), ("b", long), ("c", short))))
    error = f"an answer of {size} bytes; max_response_size is 100" if size > 100 else ""
    assert [part.error for part in reply.parts] == ["", error, ""]
    assert [bytes(part.data) for part in reply.parts] == [b"xxxx", b"" if error else b"x" * size, b"xxxx"]
    assert front.ask(request("b", b"fine")).parts[0].data == b"fine"


def test_a_text_that_is_raised_as_an_answer(front, model):
    """Is an answer as any other, and has its limit."""
    front.load(model.directory, model.write("odd.py", ODD), answer_limit=1000)
    assert front.ask(request("a", b"said")).parts[0].error == "an answer of 65536 bytes; max_response_size is 1000"


def test_an_error_that_says_too_much(front, model, capsys):
    """To the client 64 KiB of it, to the log as much of the traceback, each with a mark."""
    front.load(model.directory, model.write("odd.py", ODD))
    reply = front.ask(request("a", b"wordy"))
    assert (reply.code, len(reply.message.encode())) == (404, TEXT_LIMIT)
    assert reply.message.endswith("… (cut: 100000 characters)")
    said = decode_record(capsys.readouterr().err[1:]).exception
    assert "… (cut: " in said
    assert said.endswith("xxx : 404")
    assert len(said) < TEXT_LIMIT + 100


def test_a_load_that_says_too_much(front, model):
    """64 KiB of it, and a mark."""
    loaded = front.load(model.directory, model.write("bad.py", "raise ValueError('x' * 200_000)"))
    assert loaded.message.startswith("ValueError: xxx")
    assert loaded.message.endswith("… (cut: 200000 characters)")
    assert len(loaded.message) < TEXT_LIMIT + 100


@pytest.mark.parametrize(
    ("count", "length", "said"), [(2000, 1, "2000 names"), (2, 2**20, f"2 names of {2**21 + 2} bytes"), (1000, 10, "")]
)
def test_the_names_of_a_language_model(front, model, count, length, said):
    """Are a list of a bounded size, or the model is not loaded."""
    source = f"""
from servescope.wire.messages import ServedModel
class Many:
    def initialize(self, context):
        context.served_models = [ServedModel("n" * {length}, "r", None, None)] * {count}
    def handle(self, data, context):
        return data
"""
    loaded = front.load(model.directory, model.write("many.py", source))
    assert (loaded.code, len(loaded.served)) == ((500, 0) if said else (200, count))
    assert said in loaded.message


def test_a_stream(front, model):
    """Pieces for every request of the batch, in order, then the final reply."""
    front.load(model.directory, model.write("stream.py", STREAM))
    front.send(Batch(5, [request("a"), request("b")]))
    replies = [front.receive()[0] for _ in range(3)]
    assert [(reply.batch_id, reply.final, reply.code) for reply in replies] == [(5, False, 200)] * 2 + [(5, True, 200)]
    assert [[part.data for part in reply.parts] for reply in replies] == [
        [b"0.0", b"1.0"],
        [b"0.1", b"1.1"],
        [b"end", b"end"],
    ]
    first = replies[0].parts[0].headers
    assert (first["content-type"], first["ts_stream_next"]) == ("text/plain", "true")
    assert front.ask(request("c")).batch_id == 1


def test_a_stream_of_pieces_that_are_too_large(front, model):
    """Each breaks its own request's stream; the others of the batch have theirs whole."""
    source = STREAM.replace('f"{n}.{number}"', '"x" * (200 if n == number == 0 else 2)')
    front.load(model.directory, model.write("stream.py", source), answer_limit=100)
    front.send(Batch(5, [request("a"), request("b")]))
    replies = [front.receive()[0] for _ in range(3)]
    assert [[part.error for part in reply.parts] for reply in replies] == [
        ["an answer of 200 bytes; max_response_size is 100", ""],
        ["", ""],
        ["", ""],
    ]
    assert [bytes(reply.parts[1].data) for reply in replies] == [b"xx", b"xx", b"end"]


def test_custom_metrics_are_there_before_their_reply(front, model):
    """And those of loading before Loaded; what is not declared is not where detection is off."""
    source = (
        "def handle(data, context):\n"
        "    context.metrics.add_counter('Declared', 1)\n"
        "    context.metrics.add_counter('Other', 1)\n"
        "    return ['x'] if data else None\n"
    )
    declared = [("counter", "Declared", "Count", ["ModelName", "Level"])]
    front.load(model.directory, model.write("h.py", source), declared=declared, auto_detect=False)
    for _ in range(2):
        assert [(one.name, one.kind, one.value) for one in front.measured()] == [("Declared", "counter", 1.0)]
        assert front.measured() == []
        front.ask(request("a"))


@pytest.mark.parametrize(
    ("source", "code", "text"),
    [
        ("raise RuntimeError('CUDA out of memory')", 507, "RuntimeError: CUDA out of memory"),
        ("raise MemoryError", 507, "MemoryError"),
        ("raise ValueError('\\udcff')", 500, "ValueError: \\udcff"),
        ("class Odd(RuntimeError):\n    __str__ = None\nraise Odd", 500, "Odd: Odd (which cannot be shown: TypeError)"),
        ("raise ValueError('CUDA')", 500, "ValueError: CUDA"),
        ("import absent_module_x", 500, "ModuleNotFoundError: No module named 'absent_module_x'"),
        ("def handle(:", 500, None),
    ],
)
def test_handlers_that_do_not_load(front, model, capsys, source, code, text):
    """They say why, to the front end and in the model log, and the worker ends with 1."""
    loaded = front.load(model.directory, model.write("bad.py", source))
    assert loaded.code == code
    assert text is None or loaded.message == text
    assert front.join() == 1
    assert "Traceback" in capsys.readouterr().err


def test_the_context_knows_the_model(front, model):
    """Its yaml, manifest and properties, and each batch's requests."""
    (model.directory / "model-config.yaml").write_text("minWorkers: 1\nhandler:\n  top: 5\n")
    source = (
        "import json\n"
        "def handle(data, context):\n"
        "    if data is None: return\n"
        "    return [json.dumps([context.model_yaml_config['handler']['top'], context.system_properties['batch_size'],\n"
        "        context.get_request_id(i), context.get_request_header(i, 'X-A'), context.get_request_header(i, 'explain')])\n"
        "        for i in range(len(data))]\n"
    )
    front.load(model.directory, model.write("h.py", source), config="model-config.yaml")
    requests = [request("a", headers=[(b"x-A", b"1")], extra={"explain": "True"}), request("b")]
    reply = front.ask(*requests)
    assert [json.loads(part.data) for part in reply.parts] == [[5, 4, "a", "1", "True"], [5, 4, "b", None, None]]


def test_an_envelope(front, model):
    """Wraps the handler."""
    source = "def handle(data, context):\n    return [sum(row) for row in data] if data else None\n"
    front.load(model.directory, model.write("h.py", source), envelope="json")
    body = b'{"instances": [[1, 2], [3]]}'
    reply = front.ask(request("a", body, content_type="application/json"))
    assert json.loads(reply.parts[0].data) == {"predictions": [3, 3]}


def test_undecoded_input(front, model):
    """decode_input_request=false reaches the rows."""
    source = "def handle(data, context):\n    return [type(row['body']).__name__ for row in data] if data else None\n"
    front.load(model.directory, model.write("h.py", source), decode=False)
    assert front.ask(request("a", b"{}", content_type="application/json")).parts[0].data == b"bytearray"


def test_the_first_message_must_be_load(front):
    """Anything else ends the worker, and says what it was."""
    front.send(Stop())
    status = front.join()
    assert isinstance(status, TypeError)
    assert "Stop" in str(status)


class PredictionException(Exception):
    """Looks like the shim's."""

    def __init__(self, message, code):
        super().__init__(message)
        self.message = message
        self.error_code = code


@pytest.mark.parametrize(
    ("code", "expected"),
    [(500, 500), (404, 404), (413, 507), (999, 999), (199, 500), (1000, 500), ("x", 500), (None, 500)],
)
def test_prediction_exceptions(code, expected):
    """Their own code where HTTP has it."""
    failure = failure_of(PredictionException("no", code))
    assert failure.code == expected
    assert failure.message.startswith("no")


def test_any_text_with_cuda_is_out_of_resources():
    """As TorchServe."""
    assert failure_of(KeyError("CUDA")) == Failure(507, "Out of resources")
