"""Ends the worker when its engine has died, so that the front end starts another. Started by `engine` on the worker's loop."""

import asyncio
from collections.abc import Callable
from typing import Protocol

INTERVAL_S = 0.1
LAST_WORDS_S = 0.5  # for the requests in hand to be told


class Engine(Protocol):
    """What is asked of an engine: vLLM's `AsyncLLM` has it."""

    @property
    def errored(self) -> bool:
        """Whether it can do no more."""


async def watch(
    engine: Engine, end: Callable[[str], None], interval: float = INTERVAL_S, last_words: float = LAST_WORDS_S
) -> None:
    """Look at the engine each `interval` seconds; when it has died, wait `last_words` seconds and call `end`."""
    while not engine.errored:  # noqa: ASYNC110 - vLLM tells nobody, it can only be asked
        await asyncio.sleep(interval)
    await asyncio.sleep(last_words)
    end("The engine has died, and the worker ends; the lines above may tell why.")
