"""Handlers of the models that are scraped, each a text for an archive, and their configurations."""

# Answers, fails, waits or ends its process, as the request says, and measures something itself, as BaseHandler does too.
PLAIN = """
import os, time

from ts.metrics.dimension import Dimension

def handle(data, context):
    if data is None:
        return None
    context.metrics.add_counter("Seen", 1)
    context.metrics.add_time("HandlerTime", 1.5, unit="ms")
    for row in data:
        word = row["body"].decode()
        if word == "raise":
            raise ValueError(word)
        if word == "exit":
            os._exit(1)
        if word == "sleep":
            time.sleep(0.1)
        if word == "404":
            context.set_response_status(code=404, idx=0)
        if word == "many":
            for number in range(30):
                context.metrics.add_metric("Many", 1, "count", dimensions=[Dimension("Number", str(number))])
    return ["ok"] * len(data)
"""
PLAIN_CONFIG = """
minWorkers: 1
maxWorkers: 1
jobQueueSize: 1
slo: {latency_ms: 70, latency_target: 90, availability_target: 99.9}
"""

# Grows to two workers when it is asked by several at once.
SCALED_CONFIG = """
minWorkers: 1
maxWorkers: 2
slo: {latency_ms: 500}
autoscale: {mode: act, window_s: 6, panic_s: 2, longest_hold_s: 4, lookback_s: 4}
"""

# Plays a language model with an engine that preempts: late with its first token, slow with the second, or neither.
PLAYER = """
import asyncio, time

from servescope.wire.messages import EngineStats, ServedModel, Tokens

class Player:
    async def initialize(self, context):
        context.served_models = [ServedModel(context.model_name, "/weights", None, 256)]

    async def handle(self, data, context):
        word = bytes(data[0]["body"]).decode()
        if word == "raise":
            raise ValueError(word)
        context.send_engine_stats(EngineStats(1, 2, 0.5, 1))
        await asyncio.sleep(1 if word == "late" else 0)
        first = time.monotonic()
        await asyncio.sleep(1 if word == "slower" else 0.001)
        gap = time.monotonic() - first
        done = [Tokens(8, 4, 2, first - context.started, [gap], ["stop"])]
        context.take_tokens = lambda: done.pop() if done else None
        return ["two tokens"]
"""
PLAYER_CONFIG = """
minWorkers: 1
maxWorkers: 1
slo: {ttft_ms: 250, ttft_target: 90, itl_ms: 250, itl_target: 95, availability_target: 99}
"""

# A workflow's: the second fails where it is asked to.
FUNCTIONS = """
def first(data, context):
    return data and [row["body"] for row in data]

def second(data, context):
    if any(bytes(row["body"]) == b"raise" for row in data or ()):
        raise ValueError("as asked")
    return first(data, context)
"""
