"""When a dead worker is started again: TorchServe's schedule, and when it is given up. Pure; used by `fleet.pool`."""

DELAYS_S = (1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597)


class RetrySchedule:
    """The delays of one worker. `window_s`: how long after the first failure it is still tried (maxRetryTimeoutInSec)."""

    __slots__ = ("_failures", "_first_failure", "window_s")

    def __init__(self, window_s: float) -> None:
        self.window_s = window_s
        self._failures = 0
        self._first_failure: float | None = None

    def loaded(self) -> None:
        """The worker works again: the next failure is a first one."""
        self._failures = 0
        self._first_failure = None

    def failed(self, now: float) -> float | None:
        """Seconds until the next try, or None: give up."""
        if self._first_failure is None:
            self._first_failure = now
        if now - self._first_failure >= self.window_s:
            return None
        delay = DELAYS_S[min(self._failures, len(DELAYS_S) - 1)]
        self._failures += 1
        return delay
