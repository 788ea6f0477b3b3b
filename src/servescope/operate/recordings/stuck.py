"""Models that answer nobody, on each server: in, requests and workers; out, recordings for one alert.

Queues alone do not show it: clients that leave take their requests with them, and those that come after them are young. What
stays is what a worker is at, be its client gone or not.
"""

from typing import Final

from servescope.operate.promql import (
    Expression,
    Recording,
    equal,
    like,
    max_over_time,
    metric,
    min_by,
    one_of,
    recent,
    sum_by,
    sum_gained,
    unlike,
)
from servescope.operate.recordings.levels import INSTANCE_MODEL
from servescope.operate.recordings.requests import given_up

HELD: Final = "instance_model:servescope_held:seconds"
LEFT: Final = "instance_model:servescope_left:count"
# How long nobody was answered: with the seconds, for the model's patience is compared with them.
WINDOWS: Final = (("2m", 120), ("10m", 600))


def held_recordings() -> tuple[Recording, ...]:
    """For how long every worker has been at one batch."""
    return (Recording(HELD, _held()),)


def left_recordings() -> tuple[Recording, ...]:
    """How many clients left a model that answered no other one. Every code of every model is looked at: not at each scrape."""
    return tuple(Recording(f"{LEFT}{window}", _left(window)) for window, _ in WINDOWS)


def _held() -> Expression:
    """Where a worker is free there is nothing, nor where somebody was answered, or gets a long answer token by token."""
    requests, tokens = metric("servescope_requests_total"), metric("servescope_llm_tokens_total")
    answered = sum_gained(requests.where(like("code", "2..")), "2m", *INSTANCE_MODEL)
    made = sum_gained(tokens.where(equal("kind", "generation")), "2m", *INSTANCE_MODEL)
    at_it = min_by(recent(metric("servescope_worker_batch_seconds")) > 0, *INSTANCE_MODEL)
    return at_it.unless_on(_free()).unless_on(answered > 0).unless_on(made > 0)


def _left(window: str) -> Expression:
    """Workers get through their batches, but too late: whoever asked had left, or got a server's error. That it is so for
    as long as the window shows in the one before, in which clients left as well.
    """
    requests, workers = metric("servescope_requests_total"), metric("servescope_workers")
    left = requests.where(given_up())
    now, before = (sum_gained(left, window, *INSTANCE_MODEL, ago=ago) for ago in ("", window))
    served = sum_gained(requests.where(unlike("code", "5..|408|499")), window, *INSTANCE_MODEL)
    busy = sum_by(max_over_time(workers.where(equal("state", "busy")), "2m"), *INSTANCE_MODEL)
    return now.and_on(before > 0).and_on(served.equals(0)).and_on(busy > 0).unless_on(_free())


def _free() -> Expression:
    """A worker has nothing to do, or there is none, as nobody asked for long: it is started when somebody does."""
    free = one_of("state", "ready", "asleep", "waking")
    return sum_by(recent(metric("servescope_workers").where(free)), *INSTANCE_MODEL) > 0
