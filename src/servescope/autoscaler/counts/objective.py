"""What a request may take: in, what was said, or how long requests take a worker; out, seconds."""

from servescope.autoscaler.options import SHORTEST_OBJECTIVE_S
from servescope.autoscaler.signals import ServiceTimes

IN_SERVICES = 5.0
_DIFFERS = 1.25  # it is not moved for less than this factor, so that counts do not follow every sample


class Objective:
    """`given_s` 0: nobody said, so five times the median of what requests take. `seconds` 0: not known yet."""

    def __init__(self, given_s: float) -> None:
        self._given_s = given_s
        self.seconds = given_s

    def look(self, service: ServiceTimes | None) -> bool:
        """Whether it is another now."""
        if self._given_s > 0 or service is None:
            return False
        usual = max(SHORTEST_OBJECTIVE_S, IN_SERVICES * service.quantiles_s[len(service.quantiles_s) // 2])
        if self.seconds > 0 and 1 / _DIFFERS < usual / self.seconds < _DIFFERS:
            return False
        self.seconds = usual
        return True
