"""Says on the terminal when the model of `servescope llm` can be asked, and how; or why it does not load.

In: the server's own log records of its workers, among which these lines would be lost. Out: some lines, once. `cli.llm.command`
puts it in place as the ports open; the first worker is ready many seconds later.
"""

import logging
import os
import re
from collections.abc import Callable

from servescope.cli.client.urls import client_url
from servescope.cli.llm.model import LlmModel
from servescope.config.settings import Settings
from servescope.config.settings.presented import presented_certificate

WORKERS_LOG = "servescope.fleet"
_READY = re.compile(r"(\S+) is ready, process \d+")
_WAITS = re.compile(r"A worker of (.+) waits for a place on Ray: (.+)", re.DOTALL)
_ENDED = re.compile(r"(\S+) ended: (.+)", re.DOTALL)


class Announcer(logging.Handler):
    """Hears of the first worker of a model that is ready, calls `say` with `text`, and goes away.

    Until then it says why a worker ended, or waits for a place, each reason once. A worker's name is
    `W-{number}-{model}_{version}`.
    """

    def __init__(self, model: LlmModel, text: str, say: Callable[[str], None]) -> None:
        super().__init__(logging.INFO)
        self._model = model
        self._text = text
        self._say = say
        self._reasons: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`."""
        line = record.getMessage()
        if (ready := _READY.fullmatch(line)) and self._is_mine(ready[1]):
            logging.getLogger(WORKERS_LOG).removeHandler(self)
            self._say(self._text)
        elif (ended := _ENDED.fullmatch(line)) and self._is_mine(ended[1]):
            self._say_once(
                ended[2], f"{self._model.name} did not load. {ended[2]}\n  It is tried again; Ctrl-C ends the server."
            )
        elif (waits := _WAITS.fullmatch(line)) and waits[1] == f"{self._model.name} {self._model.version}":
            self._say_once(waits[2], f"{self._model.name} waits for a place on Ray: {waits[2]}")

    def _say_once(self, reason: str, text: str) -> None:
        if reason not in self._reasons:
            self._reasons.add(reason)
            self._say(text)

    def _is_mine(self, worker: str) -> bool:
        return worker.endswith(f"-{self._model.name}_{self._model.version}")


def how_to_ask(model: LlmModel, settings: Settings) -> str:
    """Where the model is, and a curl command that asks it."""
    url = client_url(settings.inference_address)
    curl = "curl"
    if url.startswith("unix:"):
        curl, url = f"curl --unix-socket {url.removeprefix('unix:')}", "http://localhost"
    elif url.startswith("https:"):
        curl = f"curl --cacert {presented_certificate(settings, os.environ)}"
    if not settings.disable_token_authorization:
        curl += " -H 'Authorization: Bearer KEY'"
    lines = [
        f"Servescope serves {model.name} with OpenAI's API at {url}/v1",
        f"  {curl} {url}/v1/completions -H 'Content-Type: application/json' \\",
        f'    -d \'{{"model": "{model.name}", "prompt": "Hello", "max_tokens": 16}}\'',
    ]
    if not settings.disable_token_authorization:
        lines.append("  KEY is the inference key in key_file.json.")
    return "\n".join(lines)
