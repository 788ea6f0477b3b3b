"""Requests before any load: in, a bench; out, what one takes alone, or why there is nothing to measure. Called by `live`.

First each worker is asked, at once and patiently: what a handler does at its first request, as compiling, is no part of a plan.
"""

import json
import time

from servescope.cli.planning.bench import Bench
from servescope.errors import ConfigurationError, last_line
from servescope.planner.load.trial import Trial

_PROBES = 5
_MOST_PATIENCE_S = 120.0
_PART = 1 / 8  # of the time that there is, for requests one at a time
_HANDLER = "does the payload fit? what the handler raised is in the model's log"
_HINTS = {
    400: "does the payload fit? give one with --payload",
    401: "give its key with --inference-token",
    403: "give its key with --inference-token",
    404: "is that its path? see --url and --path",
    413: "the payload is larger than max_request_size",
    415: "the payload's type is that of its file's name",
    422: "does the payload fit? give one with --payload",
    500: _HANDLER,
    503: _HANDLER,
}


def alone(bench: Bench, model: str, room: int, budget_s: float) -> Trial:
    """Requests one at a time, five, or as many as an eighth of the budget has time for; some may have failed. `model`: how errors
    call it. `room`: requests that all workers together take up at once.

    Raises:
        ConfigurationError: all failed; with what the server said.
    """
    patience_s = min(_MOST_PATIENCE_S, budget_s / 2)
    began = time.monotonic()
    bench.at_once(room, patience_s)
    warm_s = time.monotonic() - began
    trials: list[Trial] = []
    end = time.monotonic() + _PART * budget_s
    while len(trials) < _PROBES and (not trials or time.monotonic() < end):
        trials.append(bench.at_once(1, max(patience_s - warm_s, bench.patience_s)))
    found = joined(trials)
    if not found.answered:
        raise ConfigurationError(f"{model} fails at every rate: one request at a time, {told(found)}")
    return found


def joined(trials: list[Trial]) -> Trial:
    """One after the other as one."""
    failures: dict[int, int] = {}
    for one in trials:
        for code, count in one.failures.items():
            failures[code] = failures.get(code, 0) + count
    sent = [row for one in trials for row in one.sent]
    said = next((one.said for one in trials if one.said), b"")
    return Trial(0.0, float(len(trials)), 1, sent, failures, said=said)


def told(trial: Trial) -> str:
    """`5 × 400: Bad input (does the payload fit? give one with --payload)`."""
    codes = dict(trial.failures)
    silent = len(trial.sent) - trial.answered - sum(codes.values())
    parts = [f"{count} × {code or 'no answer'}" for code, count in sorted(codes.items())]
    parts += [f"{silent} × no answer in time"] if silent else []
    words = _message(trial.said)
    hint = next((_HINTS[code] for code in sorted(codes) if code in _HINTS), "")
    return ", ".join(parts) + (f": {words}" if words else "") + (f" ({hint})" if hint else "")


def _message(said: bytes) -> str:
    """What a person would read of an error's body."""
    text = said.decode("utf-8", "replace")
    try:
        body = json.loads(text)
        text = str(body.get("message") or body.get("error") or text)
    except (ValueError, AttributeError):
        pass
    return last_line(text)
