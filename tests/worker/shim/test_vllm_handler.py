"""vLLM's handler over an app that the test plays: endpoints, streams, whole answers, hang-ups."""

import asyncio

import pytest
from ts.torch_handler.vllm_handler import VLLMHandler
from ts.utils.util import PredictionException

from servescope.worker.handler.context import RequestProcessor
from worker.conftest import context_of


async def app(scope, receive, send):
    """Answers with what it was sent, as a stream where that says so."""
    body = (await receive())["body"]
    if scope["path"] == "/v1/nope":
        await send({"type": "http.response.start", "status": 404, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b'{"detail":"Not Found"}'})
        return
    kind = b"text/event-stream; charset=utf-8" if body == b"stream" else b"application/json"
    headers = [(b"content-type", kind), (b"content-length", b"9"), (b"x-method", scope["method"].encode())]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    if body == b"wait":
        assert (await receive())["type"] == "http.disconnect"
    await send({"type": "http.response.body", "body": b"!"})


class Engine:
    """A running engine without one."""

    app = staticmethod(app)


def context_for(path):
    context = context_of(({"url_path": path},), ids=["r1"])
    context.request_processor = [RequestProcessor([(b"X-A", b"b")], {"url_path": path})]
    context.sent = []
    context.send_partial = lambda outputs, code: context.sent.append(outputs)
    return context


def handler():
    made = VLLMHandler()
    made._engine = Engine()
    return made


def ask(path, body, context=None):
    return asyncio.run(handler().handle([{"body": bytearray(body)} if body else {}], context or context_for(path)))


def test_a_whole_answer():
    """Status and headers are the app's, but those that frame; the pieces are one output."""
    context = context_for("v1/completions")
    assert ask("", b"x", context) == [b"x!"]
    assert context.get_response_status(0)[0] == 201
    assert context.get_response_headers(0) == {"content-type": "application/json", "x-method": "POST"}
    assert context.sent == []
    assert context.take_tokens() is None


def test_a_stream():
    """Every piece is sent as it comes, and the last reply is empty."""
    context = context_for("v1/chat/completions")
    assert ask("", b"stream", context) == [b""]
    assert context.sent == [[b"stream"], [b"!"]]


def test_listing():
    """The models are asked for by GET, without a body."""
    context = context_for("v1/models")
    assert ask("", b"", context) == [b"!"]
    assert context.get_response_headers(0)["x-method"] == "GET"


@pytest.mark.parametrize("path", ["metrics", "", "v1/nope"])
def test_unknown_endpoints(path):
    """Those that are not served, and those that the app does not know: 404."""
    with pytest.raises(PredictionException, match="unknown API endpoint") as caught:
        ask(path, b"x")
    assert caught.value.error_code == 404


def test_hang_up():
    """The app sees a client that has gone, and the handler is cancelled once it has ended."""

    async def main():
        context = context_for("v1/completions")
        task = asyncio.create_task(handler().handle([{"body": b"wait"}], context))
        while not context.get_response_headers(0):  # noqa: ASYNC110
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        return task.cancelled()

    assert asyncio.run(main())
