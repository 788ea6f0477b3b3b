"""A model that gives embeddings, on a server of its own: OpenAI's client's calls, vLLM's other endpoints of the kind, the books."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integration.deployed import Deployed
from llm.growth import FINISHED, TOKENS, Growth, resting
from llm.llm_server import LlmServer
from llm.needed import needed
from llm.tiny_model import HIDDEN, make_embedder

openai = needed("openai")

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

LONGEST = 256


@pytest.fixture(scope="module")
def embedder(start_llm: Callable[..., LlmServer], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The model, registered as `embedder`."""
    server = start_llm("--max-model-len", str(LONGEST), model=make_embedder(tmp_path_factory.mktemp("m") / "embedder"))
    yield server.deployed()
    server.end()


@pytest.fixture
def client(embedder: Deployed) -> Iterator[Any]:
    """OpenAI's, which gives up at the first error."""
    with openai.OpenAI(base_url=embedder.server.url("inference", "/v1"), api_key="none", max_retries=0) as client:
        yield client


def test_texts(client, embedder):
    """A vector each, the same for the same text; the books have the tokens that the client is told, and an end each."""
    before = resting(embedder)
    answers = [client.embeddings.create(model=embedder.name, input=["hello world", "the lazy dog"]) for _ in range(2)]
    growth = Growth(before, resting(embedder))
    one, again = ([entry.embedding for entry in answer.data] for answer in answers)
    assert [len(vector) for vector in one] == [HIDDEN, HIDDEN]
    assert one[0] == pytest.approx(again[0], rel=1e-3)
    assert one[0] != pytest.approx(one[1], rel=1e-3)
    said = growth.by("kind", TOKENS, model_name=embedder.name)
    assert said.get("prompt") == sum(answer.usage.prompt_tokens for answer in answers)
    assert not said.get("generation")
    assert growth.by("reason", FINISHED, model_name=embedder.name) == {"stop": 4}
    assert growth.by("code", "servescope_requests_total", model_name=embedder.name) == {"200": 2}


def test_tokens_for_a_text(client, embedder):
    """A list of numbers is one text."""
    answer = client.embeddings.create(model=embedder.name, input=[5, 6, 7])
    assert len(answer.data) == 1
    assert answer.usage.prompt_tokens == 3


def test_by_torchserves_path(embedder):
    """With the version, as everything else."""
    answer = embedder.server.post(f"{embedder.path}/1.0/v1/embeddings", {"model": embedder.name, "input": "hello"})
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["data"][0]["embedding"]) == HIDDEN


def test_scores_and_ranks(embedder):
    """What vLLM makes of embeddings besides."""
    texts = {"model": embedder.name, "text_1": "hello", "text_2": ["hello", "the quick brown fox"]}
    same, other = embedder.server.post(f"{embedder.path}/1.0/score", texts).json()["data"]
    assert same["score"] == pytest.approx(1, abs=1e-3)
    assert other["score"] < same["score"]
    documents = {"model": embedder.name, "query": "hello", "documents": ["the quick brown fox", "hello"]}
    ranked = embedder.server.post(f"{embedder.path}/1.0/rerank", documents).json()["results"]
    assert [one["index"] for one in ranked] == [1, 0]


def test_too_long_a_text(client, embedder):
    """400, with vLLM's words."""
    with pytest.raises(openai.BadRequestError, match=f"maximum context length is {LONGEST} tokens"):
        client.embeddings.create(model=embedder.name, input="hello " * 4000)


def test_it_makes_no_texts(client, embedder):
    """404 in OpenAI's shape, which names the path."""
    with pytest.raises(openai.NotFoundError, match="v1/completions"):
        client.completions.create(model=embedder.name, prompt="hello")
