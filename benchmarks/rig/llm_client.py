"""A lean client of streamed completions, in a process of its own: it must not be what is measured.

    python benchmarks/rig/llm_client.py '{"port": 8000, "model": "tiny", "connections": 8, "seconds": 5, "tokens": 128}'

In: a `Load` as JSON. Out: a `Found` as JSON on one line. Each connection asks for one stream after the other, over
asyncio's bare protocol: no HTTP library, no JSON parsed while it measures. Started by `llm.py`.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import cast

import uvloop

EVENT = b"data: "
END = b"data: [DONE]\n\n\r\n0\r\n\r\n"
TAIL_BYTES = 1000
PROMPT = "the quick brown fox jumps over the lazy dog and hello world, how are you today?"


@dataclass(frozen=True)
class Load:
    """Streams of `tokens` tokens each over so many connections; those begun in `seconds` are read to their end."""

    port: int
    model: str
    connections: int
    seconds: float
    tokens: int


@dataclass(frozen=True)
class Found:
    """Moments are in ms. `tokens_s`: tokens a second that came within the time. `failures`: what went wrong, empty if nothing.

    `cpu_share`: of one core, that this client took. `joined`: share of the events that came with an earlier one of their stream.
    """

    streams: int
    tokens_s: float
    ttft_p50: float
    ttft_p99: float
    itl_p50: float
    itl_p99: float
    cpu_share: float
    joined: float
    failures: list[str]


@dataclass
class Notes:
    """What the connections have seen: seconds to first tokens, between tokens, and the tokens in time."""

    deadline: float
    firsts: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    tokens: int = 0
    streams: int = 0
    failures: list[str] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """Asks again and again until the deadline, then closes; `ended` is set then."""

    def __init__(self, load: Load, notes: Notes) -> None:
        self._load = load
        self._notes = notes
        self._request = _request(load)
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are of a class of its own
        self._ask()

    def _ask(self) -> None:
        self._events, self._whole = 0, False
        self._head, self._tail = b"", b""
        self._sent = self._last = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        if not self._head:
            self._head = data[:15]
        # A mark cut in two by the network is whole with the five bytes before; those alone hold none.
        count = (self._tail[-5:] + data).count(EVENT)
        self._tail = (self._tail + data)[-TAIL_BYTES:]
        ends = END in self._tail
        self._note(count, now)
        if ends or not self._head.startswith(b"HTTP/1.1 200 "):
            self._finish(now)

    def _note(self, count: int, now: float) -> None:
        notes = self._notes
        # After the last token come the usage and the end.
        count = min(count, self._load.tokens - self._events)
        if count <= 0:
            return
        (notes.gaps if self._events else notes.firsts).append(now - self._last)
        notes.gaps.extend([0.0] * (count - 1))
        self._events += count
        self._last = now
        if now <= notes.deadline:
            notes.tokens += count

    def _finish(self, now: float) -> None:
        if b'"completion_tokens":%d' % self._load.tokens not in self._tail:
            self._notes.failures.append(f"no {self._load.tokens} tokens: {self._head!r} … {self._tail!r}")
            self._transport.abort()
            return
        self._notes.streams += 1
        self._whole = True
        if now > self._notes.deadline:
            self._transport.close()
            return
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._whole:
            self._notes.failures.append(f"the connection was lost after {self._events} events: {exc!r}")
        self.ended.set_result(None)


def _request(load: Load) -> bytes:
    body = {"model": load.model, "prompt": PROMPT, "max_tokens": load.tokens, "ignore_eos": True}
    body |= {"stream": True, "stream_options": {"include_usage": True}}
    text = json.dumps(body).encode()
    head = (
        f"POST /v1/completions HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {len(text)}"
    )
    return head.encode() + b"\r\n\r\n" + text


def _percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else 0.0


async def drive(load: Load) -> Found:
    """Run the load once."""
    began, cpu = time.perf_counter(), time.process_time()
    notes = Notes(began + load.seconds)
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Connection(load, notes), "127.0.0.1", load.port)
        for _ in range(load.connections)
    ]
    await asyncio.gather(*(connection.ended for _, connection in made))
    share = (time.process_time() - cpu) / (time.perf_counter() - began)
    return Found(
        streams=notes.streams,
        tokens_s=notes.tokens / load.seconds,
        ttft_p50=_percentile(notes.firsts, 0.5),
        ttft_p99=_percentile(notes.firsts, 0.99),
        itl_p50=_percentile(notes.gaps, 0.5),
        itl_p99=_percentile(notes.gaps, 0.99),
        cpu_share=share,
        joined=notes.gaps.count(0.0) / max(1, len(notes.gaps)),
        failures=notes.failures,
    )


def main() -> None:
    """See the module."""
    print(json.dumps(asdict(uvloop.run(drive(Load(**json.loads(sys.argv[1])))))))


if __name__ == "__main__":
    main()
