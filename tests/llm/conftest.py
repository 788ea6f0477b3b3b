"""A tiny model, one server of it for all tests, OpenAI's client of it, and the same model put in through TorchServe's door.

An engine takes half a minute to start, so tests share: whoever ends one starts its own.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.deployed import Deployed
from llm.llm_server import LlmServer
from llm.needed import need_vllm
from llm.through_archive import Archived, archived
from llm.tiny_model import make_model


@pytest.fixture(scope="session", autouse=True)
def vllm_is_there() -> None:
    """Skips all of them where it is not."""
    need_vllm()


@pytest.fixture(scope="session")
def tiny(vllm_is_there: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model's directory."""
    return make_model(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="session")
def start_llm(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., LlmServer]]:
    """Start a server of the model, or of another, with vLLM's options; it ends with the tests, or by `end` before."""
    servers: list[LlmServer] = []

    def start(*options: str, model: Path = tiny, **settings: str) -> LlmServer:
        servers.append(LlmServer(tmp_path_factory.mktemp("served"), str(model), options, settings))
        return servers[-1]

    yield start
    for server in servers:
        server.end()


@pytest.fixture(scope="session")
def llm_server(start_llm: Callable[..., LlmServer]) -> LlmServer:
    """The one that most tests share. Its answers say how much of a prompt was in the cache."""
    return start_llm("--enable-prompt-tokens-details")


@pytest.fixture(scope="session")
def llm(llm_server: LlmServer) -> Deployed:
    """Its model."""
    return llm_server.deployed()


@pytest.fixture(scope="session")
def archive(llm_server: LlmServer, llm: Deployed, tiny: Path) -> Iterator[Archived]:
    """The model once more, from an archive of TorchServe's kind, with objectives."""
    with archived(llm_server, tiny) as model:
        yield model


@pytest.fixture
def openai_client(llm_server: LlmServer) -> Iterator[Any]:
    """OpenAI's own client, which gives up at the first error."""
    from openai import OpenAI

    with OpenAI(base_url=llm_server.url("inference", "/v1"), api_key="none", max_retries=0) as client:
        yield client
