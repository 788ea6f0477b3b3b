"""One request to an ASGI app: what it is given, what comes back, and how it learns that the client has gone."""

import asyncio

import pytest

from servescope.worker.llm import asgi
from servescope.worker.llm.asgi import AppCall, AppFailed, AppRequest

REQUEST = AppRequest("POST", "/v1/x", [(b"a", b"b")], b"body")


class Answer:
    """Takes what an app answers."""

    def __init__(self):
        self.began = None
        self.pieces = []
        self.first = asyncio.Event()

    def begin(self, status, headers):
        self.began = (status, list(headers))

    def take(self, piece):
        self.pieces.append(piece)
        self.first.set()

    def call(self):
        return AppCall(REQUEST, self.begin, self.take)


def test_a_whole_answer():
    """The app reads the body, and its pieces come in order; empty ones do not."""
    seen = {}

    async def app(scope, receive, send):
        seen.update(scope, message=await receive())
        await send({"type": "http.response.start", "status": 201, "headers": [(b"x", b"y")]})
        await send({"type": "http.response.body", "body": b"1", "more_body": True})
        await send({"type": "http.response.body", "body": b"2", "more_body": True})
        await send({"type": "http.response.body"})

    async def main():
        answer = Answer()
        await answer.call().run(app)
        return answer

    answer = asyncio.run(main())
    assert (answer.began, answer.pieces) == ((201, [(b"x", b"y")]), [b"1", b"2"])
    assert (seen["method"], seen["path"], seen["headers"]) == ("POST", "/v1/x", [(b"a", b"b")])
    assert seen["message"] == {"type": "http.request", "body": b"body", "more_body": False}


@pytest.mark.parametrize("begun", [True, False])
def test_no_whole_answer(begun):
    """An app that raises, or stops, in the midst."""

    async def app(scope, receive, send):
        if begun:
            await send({"type": "http.response.start", "status": 200})
        raise ValueError("broken")

    async def main():
        await Answer().call().run(app)

    with pytest.raises(AppFailed, match="/v1/x: the answer ended early") as caught:
        asyncio.run(main())
    assert isinstance(caught.value.__cause__, ValueError)


def test_failing_after_the_answer(capsys):
    """What is raised after a whole answer is told to the log, and the answer stands."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 500})
        await send({"type": "http.response.body", "body": b"sorry"})
        raise ValueError("after the answer")

    async def main():
        answer = Answer()
        await answer.call().run(app)
        return answer.pieces

    assert asyncio.run(main()) == [b"sorry"]
    assert "after the answer" in capsys.readouterr().err


async def hang_up(app):
    """Cancel a call after its first piece; what the answer was."""
    answer = Answer()
    task = asyncio.create_task(answer.call().run(app))
    await answer.first.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return answer


def test_hang_up_is_a_disconnect():
    """A cancelled caller shows as http.disconnect, the app's end is waited for, and nothing more is taken."""
    ended = []

    async def app(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"1", "more_body": True})
        assert await receive() == {"type": "http.disconnect"}
        await send({"type": "http.response.body", "body": b"late", "more_body": True})
        ended.append(True)

    assert asyncio.run(hang_up(app)).pieces == [b"1"]
    assert ended == [True]


def test_hang_up_on_an_app_that_does_not_listen(monkeypatch):
    """It is cancelled after a grace."""
    monkeypatch.setattr(asgi, "GRACE_S", 0.01)
    cancelled = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"1", "more_body": True})
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    asyncio.run(hang_up(app))
    assert cancelled == [True]
