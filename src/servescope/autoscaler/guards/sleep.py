"""Whether a model sleeps, which is to have no workers: in, signals; out, a word.

Only where it is asked for, after so long without requests, and with nothing queued or in flight that anybody knows of. Not
while it does not load: then it goes on trying, or nobody would learn that it is well again.
"""

from typing import Literal

from servescope.autoscaler.signals import Signals

Sleep = Literal["awake", "asleep", "woken"]


def sleep(signals: Signals, to_zero_after_s: float | None) -> Sleep:
    """Woken is a model without workers for which requests came, or that was given up."""
    if signals.queued and not signals.there:
        return "woken"
    if to_zero_after_s is None:
        return "awake"
    idle_s = signals.idle_s
    if signals.failed_starts and not signals.workers:
        return "awake" if signals.there else "woken"
    if not signals.there:
        return "woken" if idle_s is not None and idle_s < to_zero_after_s else "asleep"
    quiet = signals.queued == 0 and signals.in_flight == 0
    return "asleep" if quiet and idle_s is not None and idle_s >= to_zero_after_s else "awake"
