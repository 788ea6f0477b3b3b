"""`ts.torch_handler.vllm_handler`: large language models by vLLM, behind the OpenAI API.

In: one request at a time, its body as the client sent it, and `url_path`, the endpoint; out: the answer of vLLM's own HTTP
app. Made by the worker's loader; the work is done in `servescope.worker.llm`. The name and the configuration are TorchServe's.
"""

import asyncio
from pathlib import Path
from typing import Any

from servescope.worker.llm.asgi import GRACE_S, AppCall, AppRequest
from servescope.worker.llm.endpoints import app_headers, is_unrouted, method_of, response_headers
from servescope.worker.llm.engine import start
from servescope.worker.llm.tally import Tally, current
from ts.utils.util import PredictionException

EVENTS = "text/event-stream"


class VLLMHandler:
    """One vLLM engine; every request is a call of its app. `raw_bodies`: the worker is not to decode them."""

    raw_bodies = True

    def __init__(self) -> None:
        self.initialized = False
        self._engine: Any = None

    async def initialize(self, ctx) -> None:
        """Start the engine that model-config.yaml describes."""

        def send_stats(stats) -> None:
            if ctx.send_engine_stats is not None:
                ctx.send_engine_stats(stats)

        directory = Path(ctx.system_properties["model_dir"])
        self._engine = await start(ctx.model_yaml_config, directory, ctx.model_name, send_stats)
        ctx.served_models = self._engine.served
        ctx.end = self._engine.end
        self.initialized = True

    async def handle(self, data, context) -> list[Any]:
        """Answer one request; an answer that is a stream of events goes out piece by piece."""
        path = context.get_request_header(0, "url_path") or ""
        method = method_of(path)
        if method is None:
            raise _unknown(path)
        tally = Tally(context.started)
        context.take_tokens = tally.take
        current.set(tally)
        pieces: list[bytes] = []
        take = pieces.append

        def begin(status, headers) -> None:
            nonlocal take
            context.set_response_status(status)
            for name, value in response_headers(headers):
                context.set_response_header(0, name, value)
            if (context.get_response_content_type(0) or "").startswith(EVENTS):
                take = lambda piece: context.send_partial([piece], 200)  # noqa: E731

        headers = app_headers(context.request_processor[0].wire_headers, context.get_request_id(0))
        request = AppRequest(method, f"/{path}", headers, bytes(data[0].get("body", b"")))
        try:
            await AppCall(request, begin, lambda piece: take(piece)).run(self._engine.app)
        except asyncio.CancelledError:
            await tally.settled(GRACE_S)
            raise
        body = b"".join(pieces)
        if is_unrouted(context.get_response_status(0)[0], body):
            raise _unknown(path)
        return [body]


def _unknown(path) -> PredictionException:
    return PredictionException(f"unknown API endpoint: {path or '(none; v1/completions is one)'}", 404)
