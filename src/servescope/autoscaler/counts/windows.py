"""Samples over the last seconds: their mean, and the highest."""

from collections import deque

_BLUR_S = 0.01  # samples are never taken to the second


class Mean:
    """Of the samples of the last `seconds`; samples come at about equal distances."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._samples: deque[tuple[float, float]] = deque()
        self._sum = 0.0

    def over(self, at: float, value: float) -> float:
        """With this sample, the latest."""
        samples = self._samples
        samples.append((at, value))
        self._sum += value
        while samples[0][0] <= at - self._seconds:
            self._sum -= samples.popleft()[1]
        return max(0.0, self._sum / len(samples))


class Highest:
    """Of the samples of the last `seconds`; one that is just as old still counts."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._samples: deque[tuple[float, int]] = deque()  # each lower than the one before it

    def over(self, at: float, value: int, seconds: float | None = None) -> int:
        """With this sample, the latest. `seconds`: another window from now on."""
        self._seconds = self._seconds if seconds is None else seconds
        samples = self._samples
        if len(samples) == 1 and samples[0][1] <= value:  # as mostly: nothing has changed
            samples[0] = (at, value)
            return value
        while samples and samples[-1][1] <= value:
            samples.pop()
        samples.append((at, value))
        while samples[0][0] < at - self._seconds - _BLUR_S:
            samples.popleft()
        return samples[0][1]
