"""The families of a language model on /metrics: there from the start, true while it works, beside the engine's own."""

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from integration.scrape import read
from llm.client import COMPLETIONS, COUNTED, ask_for, load
from llm.growth import FAMILIES, FINISHED, KV_CACHE, RUNNING, TOKENS, WAITING, Growth, resting
from llm.through_archive import ITL_MS, NAME, SERVED, TTFT_MS
from truth.leaving import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


def shown(server, accept="text/plain"):
    """The families on /metrics by name."""
    answer = httpx.get(server.url("metrics", "/metrics"), headers={"accept": accept})
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def test_every_family_is_there(llm_server, llm):
    """With type and help, and with the model's name on each of its samples."""
    families = shown(llm_server)
    assert {name: families[name].type for name in FAMILIES if name in families} == FAMILIES
    for name in FAMILIES:
        assert families[name].documentation
        assert any(sample.labels.get("model_name") == llm.name for sample in families[name].samples), name


def test_series_before_the_first_request(start_llm):
    """At zero, so that a rate sees the first request; a server of its own, which nobody has asked anything."""
    server = start_llm()
    llm = server.deployed()
    now = read(server)
    kinds = {labels["kind"]: value for labels, value in now.matching(TOKENS, model_name=llm.name)}
    assert kinds == {"prompt": 0, "cached_prompt": 0, "generation": 0}
    reasons = {labels["reason"]: value for labels, value in now.matching(FINISHED, model_name=llm.name)}
    assert reasons == {"stop": 0, "length": 0, "abort": 0, "error": 0}
    for name in FAMILIES:
        sample = {"histogram": f"{name}_count", "counter": f"{name}_total", "gauge": name}[FAMILIES[name]]
        found = now.matching(sample, model_name=llm.name)
        assert found, name
        assert {value for _, value in found} == {0}, name
    server.end()


def test_the_engines_own(llm_server, llm):
    """vllm:* comes with the worker's label, and adds up to ours; what vLLM says of HTTP does not come along."""
    before = resting(llm)
    ask = ask_for(COMPLETIONS, model=llm.name, prompt="hello", max_tokens=30, ignore_eos=True)
    load(llm_server.ports["inference"], [ask] * 4, clients=2)
    resting(llm)
    names = {name for name in shown(llm_server) if name.startswith("vllm:")}
    assert {"vllm:num_requests_running", "vllm:kv_cache_usage_perc", "vllm:generation_tokens"} <= names
    assert not [name for name in shown(llm_server) if name.startswith("http_")]
    now = read(llm_server)
    own = now.matching("vllm:generation_tokens_total")
    assert own
    assert all(labels.get("worker") for labels, _ in own)
    growth = Growth(before, now)
    assert growth.total("vllm:generation_tokens_total", model_name=llm.name) == 120
    assert growth.total(TOKENS, model_name=llm.name, kind="generation") == 120


def test_while_it_works(llm_server, llm):
    """Six requests run, and fill a share of the cache; afterwards none, and none of it."""
    seen = []

    async def watch(_books):
        def busy():
            now = read(llm_server, RUNNING, WAITING, KV_CACHE)
            seen.append(now.value(KV_CACHE, model_name=llm.name))
            return now.value(RUNNING, model_name=llm.name) == 6 and seen[-1] > 0

        await until(busy, "six to run")

    ask = ask_for(COMPLETIONS, model=llm.name, prompt="hello " * 200, max_tokens=300, ignore_eos=True, **COUNTED)
    books = load(llm_server.ports["inference"], [ask] * 6, clients=6, meanwhile=watch)
    assert books.codes() == {"200": 6}
    assert all(0 <= share <= 1 for share in seen)
    assert resting(llm).value(KV_CACHE, model_name=llm.name) == 0


def test_objectives(llm_server, archive):
    """The generous one is kept by all, the impossible one by none; the gaps in a whole answer are nobody's concern."""
    before = read(llm_server)
    stream = ask_for(COMPLETIONS, model=SERVED, prompt="hello", max_tokens=5, ignore_eos=True, **COUNTED)
    whole = ask_for(COMPLETIONS, model=SERVED, prompt="hello", max_tokens=5, ignore_eos=True)
    books = load(llm_server.ports["inference"], [stream, whole, stream, stream], clients=2)
    assert books.codes() == {"200": 4}
    now = read(llm_server)
    growth = Growth(before, now)
    about = growth.by("slo", "servescope_slo_requests_total", model_name=NAME)
    good = growth.by("slo", "servescope_slo_good_total", model_name=NAME)
    assert (about, good) == ({"ttft": 4, "itl": 3}, {"ttft": 4})
    bounds = now.by("slo", "servescope_slo_threshold_seconds", model_name=NAME)
    assert bounds == {"ttft": TTFT_MS / 1000, "itl": pytest.approx(ITL_MS / 1000)}
