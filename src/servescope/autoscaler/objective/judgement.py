"""How badly the objective was missed of late: in, counts of finished and late requests; out, a number from 0 to 1."""

from collections import deque

from servescope.autoscaler.signals import Measured

# So much beyond what the target allows is as bad as it gets.
WORST = 0.04
FEWEST = 20


class Judgement:
    """Over the last `span_s` seconds. Requests that wait count as finished: they will be, and late ones are in the queue too."""

    def __init__(self, span_s: float, target: float) -> None:
        self._span_s = span_s
        self._allowed = 1.0 - target
        self._samples: deque[tuple[float, float, float]] = deque()

    def missed(self, signals: Measured) -> float:
        """0: the objective was met; 1: it was missed by far."""
        samples = self._samples
        samples.append((signals.at, signals.finished, signals.late))
        while samples[0][0] < signals.at - self._span_s:
            samples.popleft()
        _, finished, late = samples[0]
        share = (signals.late - late) / max(signals.finished - finished + signals.queued, FEWEST)
        return min(1.0, max(0.0, (share - self._allowed) / WORST))
