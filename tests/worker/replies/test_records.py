"""What loggers in a worker say reaches the front end as records."""

import asyncio
import io
import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import servescope
from servescope.wire.records import TEXT_LIMIT, decode_record
from servescope.worker.replies.records import REQUESTS, RecordHandler

SOURCE = str(Path(servescope.__file__).parents[1])


@pytest.fixture
def said():
    """A logger, and what it has said."""
    stream = io.StringIO()
    logger = logging.Logger("my.handler")
    logger.addHandler(RecordHandler(stream))
    return logger, lambda: [decode_record(line[1:]) for line in stream.getvalue().split("\n")[:-1]]


def test_level_name_and_message(said):
    """As the handler's code gave them; a message may have lines."""
    logger, records = said
    logger.error("a %s\nb", "x")
    logger.log(25, "between")
    assert [(record.level, record.name, record.message) for record in records()] == [
        (40, "my.handler", "a x\nb"),
        (25, "my.handler", "between"),
    ]


def test_a_traceback_and_a_stack(said):
    """Go along."""
    logger, records = said
    try:
        raise ValueError("deep")
    except ValueError:
        logger.exception("broke")
    logger.info("here", stack_info=True)
    assert records()[0].exception.startswith("Traceback (most recent call last):")
    assert records()[0].exception.endswith("ValueError: deep")
    assert records()[1].exception.startswith("Stack (most recent call last):")


def test_the_requests_in_hand(said):
    """Those of the batch, or of an asynchronous handler's own task; a thread of the handler's knows none."""
    logger, records = said

    async def main():
        async def task(name):
            REQUESTS.set([name])
            await asyncio.sleep(0)
            logger.info(name)

        await asyncio.gather(task("a"), task("b"))

    asyncio.run(main())
    REQUESTS.set(["c"])
    logger.info("c")
    thread = threading.Thread(target=logger.info, args=("none",))
    thread.start()
    thread.join()
    REQUESTS.set(())
    assert {record.message: record.request_ids for record in records()} == {
        "a": ("a",),
        "b": ("b",),
        "c": ("c",),
        "none": (),
    }


def test_a_formatter_of_somebodys(said):
    """Shapes the message, as before."""
    logger, records = said
    logger.handlers[0].setFormatter(logging.Formatter("<%(message)s>"))
    logger.info("x")
    assert records()[0].message == "<x>"


def test_what_is_too_long_is_cut(said):
    """With a mark."""
    logger, records = said
    logger.info("x" * 10 * TEXT_LIMIT)
    assert len(records()[0].message) < TEXT_LIMIT + 10
    assert "(cut: " in records()[0].message


def test_a_record_that_does_not_fit_its_text(said, capsys):
    """Is told on standard error and stops nobody."""
    logger, records = said
    logger.info("%d", "no number")
    logger.info("good")
    assert [record.message for record in records()] == ["good"]
    assert "no number" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1/0", "The worker ends with an exception"),
        ("t = threading.Thread(target=lambda: 1/0, name='mine'); t.start(); t.join()", "Exception in thread mine"),
    ],
)
def test_exceptions_that_nobody_catches(code, message):
    """Are records too, of the main thread and of any other."""
    program = (
        f"import sys, threading\nfrom servescope.worker.replies.records import hand_over\nhand_over(sys.stdout)\n{code}"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env={"PYTHONPATH": SOURCE}
    )
    (line,) = run.stderr.split("\n")[:-1]
    record = decode_record(line[1:])
    assert (record.level, record.name, record.message) == (40, "servescope.worker", message)
    assert record.exception.endswith("ZeroDivisionError: division by zero")
