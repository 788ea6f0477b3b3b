"""What is remembered, as columns over time: in, a ring; out, a model's history, its heatmap, and the machine's history."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from servescope.console.history.kept import HOST, Track
from servescope.console.history.readings import Stretch, cut
from servescope.console.history.ring import Ring
from servescope.console.views.card import stages
from servescope.console.views.lines import Reader, moment, total_rate
from servescope.metrics.definitions import STAGES

_AT_ONCE: Final = 4
_MODEL: dict[str, Reader] = {
    "rate": total_rate,
    "error_rate": lambda piece: piece.rate(("requests", "5xx")),
    "client_error_rate": lambda piece: piece.rate(("requests", "4xx")),
    "p50": lambda piece: piece.quantile("duration", 0.5),
    "p90": lambda piece: piece.quantile("duration", 0.9),
    "p99": lambda piece: piece.quantile("duration", 0.99),
    "mean": lambda piece: piece.mean("duration"),
    "queue": lambda piece: piece.most("queue"),
    "oldest_s": lambda piece: piece.most("oldest"),
    "in_flight": lambda piece: piece.most("in_flight"),
    "workers": lambda piece: piece.most("workers"),
    "wanted": lambda piece: piece.most("wanted"),
    "refused_rate": lambda piece: piece.rate(("rejected", "queue_full"), ("rejected", "no_worker")),
    "batch_size": lambda piece: piece.mean("batch"),
}
_LLM: dict[str, Reader] = {
    "ttft_p50": lambda piece: piece.quantile("ttft", 0.5),
    "ttft_p99": lambda piece: piece.quantile("ttft", 0.99),
    "itl_p50": lambda piece: piece.quantile("itl", 0.5),
    "itl_p99": lambda piece: piece.quantile("itl", 0.99),
    "tokens_per_s": lambda piece: piece.rate(("tokens", "generation")),
    "running": lambda piece: piece.most("running"),
    "waiting": lambda piece: piece.most("waiting"),
    "kv_cache_ratio": lambda piece: piece.most("kv_cache"),
}
_HOST: dict[str, Reader] = {
    "cpu_ratio": lambda piece: piece.most("cpu"),
    "memory_ratio": lambda piece: piece.most("memory"),
    "loop_lag_p99_s": lambda piece: piece.quantile("lag", 0.99),
    "front_end_cpu_ratio": lambda piece: piece.rate(("cpu_s", "")),
    "front_end_memory_bytes": lambda piece: piece.most("resident"),
    "rate": lambda piece: piece.rate(("predictions", "")),
}


async def history(name: str, ring: Ring, track: Track, points: int, *, language_model: bool) -> dict[str, Any]:
    """A model version's. `name`: of the ring."""
    pieces = cut(ring, track, points)
    by_stage = [stages(piece) async for piece in _in_turns(pieces)]
    return (
        _frame(name, ring, pieces)
        | await _table(pieces, _MODEL)
        | {"stages": {stage: [found[stage] for found in by_stage] for stage in STAGES}}
        | {"llm": await _table(pieces, _LLM) if language_model else None}
    )


async def heatmap(name: str, ring: Ring, track: Track, points: int) -> dict[str, Any]:
    """How many answers without an error took how long."""
    pieces = cut(ring, track, points)
    bounds = pieces[0].counts("duration")[0] if pieces else []
    counts = [piece.counts("duration")[1] if piece.seconds else None async for piece in _in_turns(pieces)]
    most = max((max(column) for column in counts if column), default=0.0)
    return _frame(name, ring, pieces) | {"bounds": bounds, "counts": counts, "most": most}


async def machine_history(name: str, ring: Ring, points: int) -> dict[str, Any]:
    """The machine's."""
    pieces = cut(ring, HOST, points)
    devices = sorted({str(which) for _, which in (*ring.columns(HOST, "gpu"), *ring.columns(HOST, "gpu_memory"))})
    gpus = {
        device: {
            "utilization_ratio": [piece.most("gpu", device) for piece in pieces],
            "memory_ratio": [piece.most("gpu_memory", device) for piece in pieces],
        }
        for device in devices
    }
    return _frame(name, ring, pieces) | await _table(pieces, _HOST) | {"gpus": gpus}


async def _table(pieces: Sequence[Stretch], columns: dict[str, Reader]) -> dict[str, list[float | None]]:
    """Columns over time."""
    found: dict[str, list[float | None]] = {name: [] for name in columns}
    async for piece in _in_turns(pieces):
        for name, read in columns.items():
            found[name].append(read(piece))
    return found


async def _in_turns(pieces: Sequence[Stretch]) -> AsyncIterator[Stretch]:
    """One after the other, with the loop let run after a few: a day has 1440."""
    for number, piece in enumerate(pieces, 1):
        yield piece
        if not number % _AT_ONCE:
            await asyncio.sleep(0)


def _frame(name: str, ring: Ring, pieces: list[Stretch]) -> dict[str, Any]:
    width = len(pieces[0].steps) if pieces else 1
    return {"range": name, "step_s": ring.step_s * width, "at": [moment(piece) for piece in pieces]}
