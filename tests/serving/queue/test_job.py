"""A job's answer reaches its client whole, in pieces, or as an error: exactly once."""

from fleet.clock import run
from servescope.errors import WorkerFailed
from serving.parts import job


def test_a_whole_answer():
    """The first wins; nothing after it changes anything."""

    async def main():
        call = job("a")
        assert call.job.open
        assert call.job.deliver(201, {"x": "y"}, b"body", True)
        assert not call.job.deliver(500, {}, b"late", True)
        call.job.fail(WorkerFailed("late"))
        assert (call.future.result(), call.pieces) == ((201, {"x": "y"}, b"body"), [])
        assert not call.job.open

    run(main())


def test_pieces():
    """In order; the last one says so, and it is open till then."""

    async def main():
        call = job("a")
        for number, final in enumerate((False, False, True)):
            assert call.job.open
            call.job.deliver(200, {}, b"%d" % number, final)
        assert (call.pieces, call.end, call.job.open) == ([b"0", b"1", b"2"], True, False)

    run(main())


def test_a_stream_that_breaks_off():
    """What came before the error was delivered."""

    async def main():
        call = job("a")
        call.job.deliver(200, {}, b"0", False)
        error = WorkerFailed("Worker died.")
        call.job.fail(error)
        assert (call.pieces, call.end, call.job.open) == ([b"0"], error, False)

    run(main())


def test_after_the_client_has_gone():
    """Neither answer nor error reaches anybody."""

    async def main():
        call = job("a")
        call.job.open = False
        assert not call.job.deliver(200, {}, b"", False)
        assert not call.job.deliver(200, {}, b"", True)
        call.job.fail(WorkerFailed("x"))
        assert (call.future.done(), call.pieces) == (False, [])

    run(main())
