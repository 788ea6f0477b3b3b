"""What one server cannot judge of itself: in, thresholds; out, what it is and why it is Prometheus' to say."""

from typing import Final

from msgspec import Struct

from servescope.findings.rules.slo import OBJECTIVES


class Elsewhere(Struct, frozen=True):
    """`name`: the alert's. `what`: of it Prometheus judges."""

    name: str
    what: str
    why: str


_REMEMBERED: Final = "a server remembers an hour in steps that fine, and knows of no other server"
_SILENT: Final = "a server that does not answer says nothing"

ELSEWHERE: Final = (
    *(Elsewhere(each.alert, "windows of 6 hours, a day and three days; sums over servers", _REMEMBERED) for each in OBJECTIVES),
    Elsewhere("ServescopeModelStuck", "what is normal for the model on an ordinary day, and clients that left", _REMEMBERED),
    Elsewhere("ServescopeAutoscalerAtMaximum", "an error budget that is spent meanwhile", _REMEMBERED),
    Elsewhere("ServescopeAutoscalerLacksWorkers", "workers that take longer to load than they usually do", _REMEMBERED),
    Elsewhere("ServescopeTargetDown", "whether the server can be reached", _SILENT),
    Elsewhere("ServescopeScrapesFail", "how often it can be reached", _SILENT),
    Elsewhere("ServescopeServerRestarts", "how often it was started again", "it begins anew each time"),
    Elsewhere("ServescopeNoTargets", "whether Prometheus knows of any server", _SILENT),
)  # fmt: skip
