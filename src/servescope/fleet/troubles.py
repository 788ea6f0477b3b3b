"""What has gone wrong with a pool's workers so far. Held by `fleet.pool`; read by `serving.readiness.survey`."""

from collections import Counter

from servescope.errors import last_line


class Troubles:
    """`restarts`: by reason, as servescope_worker_restarts_total has them. `latest`: the last line of why a worker ended that
    nobody had ended, "" where none has.
    """

    def __init__(self) -> None:
        self.restarts: Counter[str] = Counter()
        self.latest = ""

    def ended(self, why: str) -> None:
        """A worker's process has ended, or could not be started."""
        self.latest = last_line(why)

    def restarted(self, reason: str) -> None:
        """It is started again."""
        self.restarts[reason] += 1
