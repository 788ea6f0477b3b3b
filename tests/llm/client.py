"""Requests to language models for the rig's client (`truth.client`), which notes when each piece of an answer came.

In: JSON. Out: `Ask`s; and `LlmBooks` of `Answer`s of a load.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from llm.answer import LlmBooks
from truth.client import Ask, Leave, drive

COMPLETIONS = "/v1/completions"
CHAT = "/v1/chat/completions"
# The usage with each event says how many tokens have come, so that a client which leaves has counted too.
COUNTED = {"stream": True, "stream_options": {"include_usage": True, "continuous_usage_stats": True}}


def ask_for(path: str, leave: Leave | None = None, **body: Any) -> Ask:
    """A request with this JSON; `path` may be one of the server's own that ends in one of OpenAI's."""
    return Ask(path, json.dumps(body).encode(), leave=leave, content_type="application/json")


def load(
    port: int,
    asks: Iterable[Ask],
    clients: int = 1,
    meanwhile: Callable[[LlmBooks], Awaitable[None]] | None = None,
) -> LlmBooks:
    """See `truth.client.drive`."""
    return asyncio.run(drive(LlmBooks(), port, asks, clients, meanwhile))
