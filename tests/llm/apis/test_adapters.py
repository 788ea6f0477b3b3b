"""LoRA adapters, on a server of their own: each is a model that can be asked for. Its environment would have vLLM ask for a key
and let clients load adapters.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from integration.deployed import Deployed
from llm.growth import TOKENS, Growth, resting
from llm.llm_server import LlmServer
from llm.tiny_model import make_adapter

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

HELLO = {"prompt": "hello", "max_tokens": 8, "temperature": 0.0, "ignore_eos": True}


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its directory."""
    return make_adapter(tmp_path_factory.mktemp("adapters") / "loud")


@pytest.fixture(scope="module")
def adapted(start_llm: Callable[..., LlmServer], adapter: Path) -> Iterator[Deployed]:
    """The model, with the adapter `loud`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLLM_API_KEY", "sesame")
        patch.setenv("VLLM_ALLOW_RUNTIME_LORA_UPDATING", "1")
        server = start_llm("--max-lora-rank", "8", "--lora-modules", f"loud={adapter}")
    yield server.deployed()
    server.end()


def text(model: Deployed, name: str, path: str = "/v1/completions") -> str:
    """What it says to HELLO."""
    answer = model.server.post(path, {"model": name, **HELLO})
    assert answer.status_code == 200, answer.text
    assert answer.json()["model"] == name
    return answer.json()["choices"][0]["text"]


def test_it_is_listed(adapted, adapter):
    """Beside the model that it adapts."""
    models = adapted.server.http.get(adapted.server.url("inference", "/v1/models")).json()["data"]
    (card,) = [model for model in models if model["id"] == "loud"]
    assert (card["root"], card["parent"]) == (str(adapter), adapted.name)


def test_it_answers(adapted):
    """By its name, otherwise than the model alone, the same by TorchServe's path; the tokens are the registered model's."""
    before = resting(adapted)
    plain, loud = text(adapted, adapted.name), text(adapted, "loud")
    assert loud != plain
    assert text(adapted, "loud", f"{adapted.path}/1.0/v1/completions") == loud
    growth = Growth(before, resting(adapted))
    assert growth.total(TOKENS, model_name=adapted.name, kind="generation") == 24
    assert growth.total(TOKENS, kind="generation") == 24


@pytest.mark.parametrize("path", ["/v1/load_lora_adapter", "/predictions/tiny/1.0/v1/load_lora_adapter"])
def test_none_is_loaded_by_a_client(adapted, adapter, path):
    """Who may ask may not choose what is read from the server's disk."""
    answer = adapted.server.post(path, {"lora_name": "late", "lora_path": str(adapter)})
    assert answer.status_code == 404, answer.text
    assert adapted.server.post("/v1/completions", {"model": "late", **HELLO}).status_code == 404


def test_vllms_own_key_is_not_asked_for(adapted):
    """The log says so, without the key."""
    text(adapted, adapted.name)
    assert "VLLM_API_KEY is ignored" in adapted.server.console()
    assert "sesame" not in adapted.server.console()
