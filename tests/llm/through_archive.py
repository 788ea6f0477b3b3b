"""The tiny model in an archive that TorchServe's users have: handler `vllm_handler`, the engine in model-config.yaml.

In: a server, the model's directory. Out: `Archived`, registered by the management API, gone again at the end.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from integration.server import pack
from llm.llm_server import START_LIMIT_S, LlmServer

NAME = "archived"
VERSION = "3.1"
SERVED = "tiny-from-an-archive"
# Half of the answers cannot keep to these: nobody answers in a microsecond, everybody in ten minutes.
TTFT_MS, ITL_MS = 600_000, 0.001
CONFIG = """
minWorkers: 1
maxWorkers: 1
batchSize: 1
maxBatchDelay: 10
responseTimeout: 1200
startupTimeout: 280
asyncCommunication: true
slo:
  ttft_ms: {ttft_ms}
  itl_ms: {itl_ms}
handler:
  model_path: {model}
  vllm_engine_config:
    max_model_len: 2048
    enforce_eager: true
    dtype: float32
    served_model_name: [{served}]
"""


class Archived:
    """One of them."""

    name = NAME

    def __init__(self, server: LlmServer) -> None:
        self.server = server
        self.path = f"/predictions/{NAME}/{VERSION}"

    def workers(self) -> list[str]:
        """The state of each."""
        answer = self.server.manage("GET", f"/models/{NAME}")
        return [worker["status"] for worker in answer.json()[0]["workers"]]

    def scale(self, workers: int) -> httpx.Response:
        """Have so many, each with an engine, and wait for them."""
        query = {"min_worker": workers, "max_worker": workers, "synchronous": "true"}
        url = self.server.url("management", f"/models/{NAME}")
        return self.server.http.put(url, params=query, timeout=START_LIMIT_S)


def write_archive(server: LlmServer, name: str, model: Path) -> Path:
    """An archive in the server's store that serves this directory."""
    config = CONFIG.format(model=model, ttft_ms=TTFT_MS, itl_ms=ITL_MS, served=SERVED)
    return pack(server.store / f"{name}.mar", name, "", version=VERSION, config=config, handler="vllm_handler")


def register(server: LlmServer, archive: Path) -> httpx.Response:
    """Register it with one worker, and wait for that."""
    query = {"url": archive.name, "initial_workers": 1, "synchronous": "true"}
    return server.http.post(server.url("management", "/models"), params=query, timeout=START_LIMIT_S)


@contextmanager
def archived(server: LlmServer, model: Path) -> Iterator[Archived]:
    """Until the end of the block."""
    answer = register(server, write_archive(server, NAME, model))
    assert answer.status_code == 200, f"{answer.text}\n{server.console()[-4000:]}"
    yield Archived(server)
    server.manage("DELETE", f"/models/{NAME}")
