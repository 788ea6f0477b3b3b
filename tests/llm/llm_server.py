"""A server of one language model, started by the command that its users type, `servescope llm MODEL …`.

In: a directory, the model, vLLM's options. Out: a `Server` as the other tests have them, whose one model takes requests.
"""

import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from integration.deployed import Deployed
from integration.server import COMMAND, Server

# Three processes that import PyTorch, on a machine with other things to do.
START_LIMIT_S = 280.0
ENGINE_OPTIONS = ("--max-model-len", "2048", "--enforce-eager", "--dtype", "float32")
ENVIRON = {"HF_HUB_OFFLINE": "1", "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}


class LlmServer(Server):
    """The command in a process of its own; `model`: as it is typed."""

    def __init__(
        self, directory: Path, model: str, options: Sequence[str] = (), settings: Mapping[str, str] | None = None
    ) -> None:
        self.model = model
        self._options = [*ENGINE_OPTIONS, *options]
        super().__init__(directory, settings or {}, ENVIRON)

    def _start(self, before: Sequence[str], arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
        """The process, once the model has a worker; see `Server`."""
        words = ["llm", self.model, "--ncs", "--disable-token-auth", "--ts-config", "test.properties", *self._options]
        command = [*before, *COMMAND, *words, *arguments]
        self.process = self._launch(command, process_group=0)  # of this session: see benchmarks/llm_servers.py
        self._wait_for_model()
        return self.process

    def _wait_for_model(self) -> None:
        end = time.monotonic() + START_LIMIT_S
        while not self._served():
            if self.process.poll() is None and time.monotonic() < end:
                time.sleep(0.2)
                continue
            self.end()
            raise AssertionError(f"{self.model} is not served after {START_LIMIT_S:g} s at the most: {self.console()}")

    def _served(self) -> bool:
        try:
            models = self.manage("GET", "/models").json()["models"]
            return bool(models) and bool(self.deployed().pids())
        except httpx.TransportError:
            return False

    def deployed(self) -> Deployed:
        """The model under the name that the command registered it by."""
        (model,) = self.manage("GET", "/models").json()["models"]
        return Deployed(self, model["modelName"])

    def post(self, path: str, body: Mapping[str, Any] | bytes) -> httpx.Response:
        """Ask the inference port; `body`: JSON, or the bytes to say it is."""
        headers = {"content-type": "application/json"}
        if isinstance(body, bytes):
            return self.http.post(self.url("inference", path), content=body, headers=headers)
        return self.http.post(self.url("inference", path), json=body)
