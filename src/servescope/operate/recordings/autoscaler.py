"""Models that are autoscaled, on each server: in, the histograms' form; out, recordings of the workers that they lack.

What is waited for in vain has been asked for, and has not come for several times as long as loading takes. It is read from what is
recorded of the last minutes, as nothing that a server shows says since when its workers load.
"""

from typing import Final

from servescope.operate.promql import (
    Expression,
    Form,
    Recording,
    Recordings,
    clamp_max,
    clamp_min,
    equal,
    last_over_time,
    max_by,
    max_over_time,
    metric,
    min_over_time,
    one_of,
    quantile_of,
    recent,
    sum_by,
)
from servescope.operate.recordings.levels import INSTANCE_MODEL

ABLE: Final = "instance_model:servescope_workers:able"
LACKING: Final = "instance_model:servescope_autoscaler_workers:lacking"
LOAD_S: Final = "instance_model:servescope_worker_load_seconds:p90"
IN_VAIN: Final = "instance_model:servescope_autoscaler_workers:in_vain"

# So many times as long as nine of ten loads may one take, and at least as long as the first window, at most as the last.
LOADS: Final = 3
WINDOWS: Final = (("5m", 300), ("30m", 1800))


def autoscaler_recordings() -> tuple[Recording, ...]:
    """Workers that can work, and those that the autoscaler has asked for and that cannot yet."""
    able = sum_by(recent(metric("servescope_workers").where(one_of("state", "ready", "busy"))), *INSTANCE_MODEL)
    # Where no worker can work it is not the autoscaler's affair: there are alerts for that, and models that sleep.
    lacking = (applied() - able).and_on(able > 0).and_on(acting())
    return (Recording(ABLE, able), Recording(LACKING, lacking))


def in_vain_recordings(recorded: Recordings, form: Form) -> tuple[Recording, ...]:
    """How long workers take to load, and of those that are lacking how many are waited for in vain. It moves slowly, and looks far
    back.
    """
    loads = metric("servescope_worker_load_seconds")
    # They are too rare for a rate: all since the server's start.
    every = sum_by(loads.bucket.now, *INSTANCE_MODEL, "le") if form == "classic" else sum_by(loads.now, *INSTANCE_MODEL)
    slow = Recording(LOAD_S, quantile_of(0.9, every))
    usual = last_over_time(slow.read, "10m") * LOADS
    (_, shortest), (_, longest) = WINDOWS
    patience = clamp_max(clamp_min(usual, shortest), longest)
    first, second = (_none_came(recorded, window).and_on(patience <= seconds) for window, seconds in WINDOWS)
    return (slow, Recording(IN_VAIN, first.or_else(second)))


def applied() -> Expression:
    """How many workers the model shall have, by the autoscaler or whoever said so last."""
    return max_by(recent(metric("servescope_autoscaler_applied_workers")), *INSTANCE_MODEL)


def acting() -> Expression:
    """Models whose count the autoscaler decides on."""
    return max_by(recent(metric("servescope_autoscaler_mode").where(equal("mode", "act"))), *INSTANCE_MODEL) > 0


def _none_came(recorded: Recordings, window: str) -> Expression:
    """The fewest that lacked at any time of the window, from before it on, while those that can work stayed as many."""
    lacking, able = recorded.read(LACKING), recorded.read(ABLE)
    moved = max_over_time(able, window) - min_over_time(able, window)
    all_through = (min_over_time(lacking, window) > 0).and_on(last_over_time(lacking, "2m", window))
    return all_through.unless_on(moved > 0)
