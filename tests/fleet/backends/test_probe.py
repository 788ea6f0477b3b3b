"""The front end's end of a probe, over a real socket pair: questions, pieces, and a worker that breaks the rules."""

import asyncio
import socket

import pytest

from servescope.fleet.backends.probe import Probe
from servescope.wire.exposed import ANSWER_LIMIT, PIECE_LIMIT, QUESTION, Answer, Hello
from servescope.wire.frames import HEADER, encode


class Bench:
    """A probe, and the worker's end of it."""

    def __init__(self):
        self.offered = []
        self.probe = Probe(self.offered.append)

    async def __aenter__(self):
        near, self.far = socket.socketpair()
        self.far.setblocking(False)
        self._loop = asyncio.get_running_loop()
        await self._loop.create_unix_connection(lambda: self.probe, sock=near)
        return self

    async def __aexit__(self, *_):
        self.probe.close()
        self.far.close()

    async def say(self, message, body=b""):
        await self._loop.sock_sendall(self.far, bytes(encode(message, [body] if body else ())) + body)

    async def questioned(self):
        return await self._loop.sock_recv(self.far, 100)


def run(body):
    async def main():
        async with Bench() as bench:
            await asyncio.wait_for(body(bench), 20)

    asyncio.run(main())


async def until(condition):
    while not condition():  # noqa: ASYNC110  # what comes over the socket sets no event
        await asyncio.sleep(0.001)


def test_offered_once():
    """Nothing is asked before, and a second hello changes nothing."""

    async def body(bench):
        await bench.say(Hello())
        await bench.say(Hello())
        await bench.say(Answer(0, True))
        await until(lambda: bench.offered)
        assert bench.offered == [bench.probe]

    run(body)


def test_a_question_and_its_answer():
    """In pieces; the answer is there when all of it is."""

    async def body(bench):
        for number in (1, 2):
            answered = bench.probe.ask()
            assert await bench.questioned() == QUESTION
            before = bench.probe.latest
            await bench.say(Answer(3, False), b"abc")
            await bench.say(Answer(1, False), b"%d" % number)
            await asyncio.sleep(0.01)
            assert (answered.done(), bench.probe.latest) == (False, before)
            await bench.say(Answer(0, True))
            await answered
            assert bench.probe.latest == (b"abc", b"%d" % number)

    run(body)


def test_one_question_at_a_time():
    """While one is open no other is asked, nor anybody kept waiting for it."""

    async def body(bench):
        first = bench.probe.ask()
        assert bench.probe.ask() is None
        assert await bench.questioned() == QUESTION
        first.cancel()  # the scrape has gone
        assert bench.probe.ask() is None
        await bench.say(Answer(1, True), b"x")
        await until(lambda: bench.probe.latest)
        assert bench.probe.ask() is not None

    run(body)


def test_the_worker_goes():
    """Who waits is let go, its metrics are gone, and nothing more is asked."""

    async def body(bench):
        await bench.say(Answer(1, True), b"x")
        await until(lambda: bench.probe.latest)
        answered = bench.probe.ask()
        bench.far.close()
        await answered
        assert (bench.probe.latest, bench.probe.problem, bench.probe.ask()) == ((), "", None)

    run(body)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (HEADER.pack(2, 0) + b"\xc1\xc1", "MessagePack data is malformed"),
        (bytes(encode(Answer("three", True))), "Expected `int`"),
        (HEADER.pack(0, PIECE_LIMIT * 2), f"the limit is {PIECE_LIMIT + 72}"),
    ],
)
def test_who_breaks_the_rules_is_not_asked_again(data, problem):
    """And it is said why."""

    async def body(bench):
        await bench.say(Answer(1, True), b"x")
        await until(lambda: bench.probe.latest)
        answered = bench.probe.ask()
        bench.far.send(data)
        await answered
        assert problem in bench.probe.problem
        assert (bench.probe.latest, bench.probe.ask()) == ((), None)

    run(body)


def test_an_endless_answer():
    """What is held is bounded."""

    async def body(bench):
        answered = bench.probe.ask()
        piece = bytes(PIECE_LIMIT)

        async def go_on():
            while True:
                await bench.say(Answer(len(piece), False), piece)

        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            await go_on()
        await answered
        assert bench.probe.problem == f"an answer of more than {ANSWER_LIMIT} bytes"

    run(body)


def test_an_attachment_shorter_than_it_says():
    """Is what it is; whoever decodes it finds out."""

    async def body(bench):
        await bench.say(Answer(10, True), b"xyz")
        await until(lambda: bench.probe.latest)
        assert bench.probe.latest == (b"xyz",)

    run(body)
