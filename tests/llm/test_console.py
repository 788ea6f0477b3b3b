"""The console's figures of a language model, on a real engine: what it shows is what /metrics says."""

from contextlib import suppress

import pytest

from integration.console.test_overview import card_of, document
from integration.scrape import read
from integration.server import wait_until
from llm.client import COMPLETIONS, COUNTED, ask_for, load
from llm.growth import (
    FINISHED,
    FIRST_TOKEN,
    INTER_TOKEN,
    KV_CACHE,
    PREEMPTIONS,
    RUNNING,
    TOKENS,
    WAITING,
    Growth,
    resting,
)
from truth.leaving import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

REQUESTS = 12
TOKENS_EACH = 200


def stream(name):
    """A stream of so many tokens."""
    prompt = "hello " * 100
    return ask_for(COMPLETIONS, model=name, prompt=prompt, max_tokens=TOKENS_EACH, ignore_eos=True, **COUNTED)


def figures(server, name):
    """What its card has."""
    return card_of(server, name)["llm"]


def test_while_it_works(llm_server, llm):
    """Running, waiting and cache are those of the scrapes before and after, and none of it at rest."""
    seen = []

    async def watch(_books):
        def the_same():
            before, shown, after = read(llm_server), figures(llm_server, llm.name), read(llm_server)
            pair = [
                {name: one.value(family, model_name=llm.name) for name, family in NOW.items()}
                for one in (before, after)
            ]
            seen.append(shown["running"])
            return pair[0]["running"] == 6 and pair[0] == pair[1] and {name: shown[name] for name in NOW} == pair[0]

        await until(the_same, "the console to show what both scrapes say")

    books = load(llm_server.ports["inference"], [stream(llm.name)] * REQUESTS, clients=6, meanwhile=watch)
    assert books.codes() == {"200": REQUESTS}
    assert max(seen) == 6
    resting(llm)
    assert {name: figures(llm_server, llm.name)[name] for name in NOW} == {
        "running": 0,
        "waiting": 0,
        "kv_cache_ratio": 0,
    }


NOW = {"running": RUNNING, "waiting": WAITING, "kv_cache_ratio": KV_CACHE}


def test_afterwards(llm_server, llm):
    """Times to the first token and between tokens lie in the buckets that a query over the same requests looks into; tokens
    and ends of answers are counted to the last.
    """
    before = resting(llm)
    wait_until_all_are_remembered(llm_server, llm.name, before)
    wait_until_quiet(llm_server, llm.name)
    load(llm_server.ports["inference"], [stream(llm.name)] * 4, clients=2)
    after = resting(llm)
    growth = Growth(before, after)
    wait_until_all_are_remembered(llm_server, llm.name, after)
    shown = figures(llm_server, llm.name)
    assert shown["tokens_per_s"]["generation"] > 0
    for name, family in (("ttft", FIRST_TOKEN), ("itl", INTER_TOKEN)):
        for percentile, share in (("p50", 0.5), ("p99", 0.99)):
            low, high = growth.bucket_of(share, family, model_name=llm.name)
            assert low <= shown[name][percentile] <= high
    assert {reason: count for reason, count in shown["finished"].items() if count} == after.by(
        "reason", FINISHED, model_name=llm.name
    )
    assert shown["preemptions_total"] == after.total(PREEMPTIONS, model_name=llm.name)


def wait_until_quiet(server, name):
    """Until the last minute has nothing of a test before, which may take two times as long as tests wait."""

    def quiet():
        shown = figures(server, name)
        return shown["ttft"]["p50"] is shown["itl"]["p50"] is None and not shown["tokens_per_s"]["generation"]

    with suppress(AssertionError):
        wait_until(quiet)
    with suppress(AssertionError):
        wait_until(quiet)
    wait_until(quiet, "a minute without a token")


def wait_until_all_are_remembered(server, name, scrape):
    """Until the step with the last tokens is over: those of the whole hour are those that were ever counted."""
    counted = scrape.total(TOKENS, model_name=name, kind="generation")

    def remembered():
        past = document(server, f"models/{name}/history")
        return sum(rate * past["step_s"] for rate in past["llm"]["tokens_per_s"] if rate is not None)

    wait_until(lambda: round(remembered()) == counted, "a step with the last tokens in it")
