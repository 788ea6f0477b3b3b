"""Clients that leave: the engine drops their requests within a second, and they count as given up."""

import time
from dataclasses import replace

import pytest

from integration.scrape import read
from integration.server import wait_until
from llm.client import CHAT, COMPLETIONS, COUNTED, ask_for, load
from llm.growth import FINISHED, RUNNING, TOKENS, WAITING, Growth, resting
from truth.comparison import REQUESTS
from truth.leaving import after_a_piece, when

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

PROMISE_S = 1.0
# Tokens of an answer that would keep the engine for several times as long.
MANY = 1900


def in_engine(llm):
    """Requests of the model that its engines have."""
    now = read(llm.server, RUNNING, WAITING)
    return now.total(RUNNING, model_name=llm.name) + now.total(WAITING, model_name=llm.name)


def given_up(llm, asks, clients=1):
    """Books of clients that all leave, the growth of the metrics, and the seconds from the last to an idle engine."""
    before = resting(llm)
    books = load(llm.server.ports["inference"], asks, clients)
    wait_until(lambda: not in_engine(llm), "the engine to drop what was left")
    took = time.monotonic() - max(entry.ended for entry in books.entries)
    assert len(books.of("hung up")) == len(books.entries)
    return books, Growth(before, resting(llm)), took


def assert_dropped(llm, books, growth, took):
    """All of them, in time, counted as 499 and as aborts."""
    count = len(books.entries)
    assert took < PROMISE_S
    assert growth.by("code", REQUESTS, model_name=llm.name) == {"499": count}
    assert growth.by("reason", FINISHED, model_name=llm.name) == {"abort": count}
    assert growth.total(TOKENS, model_name=llm.name, kind="generation") < MANY * count


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_in_the_midst_of_a_stream(llm, reset):
    """200 was on its way."""
    ask = ask_for(
        COMPLETIONS, after_a_piece, model=llm.name, prompt="hello", max_tokens=MANY, ignore_eos=True, **COUNTED
    )
    books, growth, took = given_up(llm, [replace(ask, reset=reset)])
    assert_dropped(llm, books, growth, took)


def test_while_waiting_for_a_whole_answer(llm):
    """Nothing had been sent."""
    works = when(lambda: in_engine(llm) == 1, "the engine to begin")
    messages = [{"role": "user", "content": "hello"}]
    ask = ask_for(CHAT, works, model=llm.name, messages=messages, max_tokens=MANY, ignore_eos=True)
    books, growth, took = given_up(llm, [ask])
    assert books.entries[0].code is None
    assert_dropped(llm, books, growth, took)


def test_beside_others(llm):
    """Those who stay get all their tokens, as six leave."""
    staying = ask_for(COMPLETIONS, model=llm.name, prompt="hello", max_tokens=100, ignore_eos=True, **COUNTED)
    leaving = ask_for(
        COMPLETIONS, after_a_piece, model=llm.name, prompt="hello", max_tokens=MANY, ignore_eos=True, **COUNTED
    )
    before = resting(llm)
    books = load(llm.server.ports["inference"], [staying, leaving, leaving] * 3, clients=9)
    growth = Growth(before, resting(llm))
    assert [answer.usage()["completion_tokens"] for answer in books.succeeded()] == [100] * 3
    assert growth.by("code", REQUESTS, model_name=llm.name) == {"200": 3, "499": 6}
    assert growth.by("reason", FINISHED, model_name=llm.name) == {"length": 3, "abort": 6}


def test_the_next_is_served(llm):
    """At once, on a connection that another client's leaving did not touch."""
    ask = ask_for(COMPLETIONS, model=llm.name, prompt="hello", max_tokens=2, ignore_eos=True)
    assert load(llm.server.ports["inference"], [ask]).codes() == {"200": 1}
