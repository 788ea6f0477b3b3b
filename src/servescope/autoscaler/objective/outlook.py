"""What a worker that is started now will meet when it has loaded. In, arrivals and their regime; out, rates.

Called by `policy`. What has been for a moment only may be over by then: a rate counts for as much as such stretches last, measured,
and for as much as it has been, measured by what a request can wait. A slope goes on.
"""

import math
from typing import NamedTuple

from servescope.autoscaler.objective.arrivals import Arrivals
from servescope.autoscaler.objective.regime import Regime

# Where a stretch ends, it goes back to the mean over so long.
USUAL_S = 300.0
# So many times what a request can wait, a stretch has to be old to count for half.
YOUNG = 2.5
# The rate is not taken for less than over these last seconds, longer where seconds differ by more than chance.
RECENT_S = (30.0, 60.0)
_HALF_SQRT_PI = 0.886


class Outlook(NamedTuple):
    """Requests a second. `passing`: until a worker that is started now has loaded, on average; `lasting`: what it will meet, with
    `error`, one standard deviation; `rising`: the same if a slope goes on, 0 where there is none upwards.
    """

    passing: float
    lasting: float
    error: float
    rising: float


def outlook(arrivals: Arrivals, regime: Regime, load_s: float, slack_s: float, most_ahead: float) -> Outlook:
    """`load_s`: until then; `slack_s`: what a request can wait; `rising` is at most `most_ahead` times what is passing."""
    usual = arrivals.rate(USUAL_S)
    more, age_s, spread = regime.rate - usual, regime.age_s, math.sqrt(regime.dispersion)
    reach = load_s / max(regime.lasts_s, age_s, 1.0) if not regime.slope else 0.0
    passing = usual + more * (min(1.0, _HALF_SQRT_PI / reach) if reach > 0 else 1.0)
    weight = age_s / (age_s + YOUNG * slack_s) if age_s > 0 else 0.0
    lasting = weight * (usual + more * math.exp(-reach * reach)) + (1.0 - weight) * min(regime.before, usual)
    for seconds in RECENT_S:
        window = seconds * spread
        recent = arrivals.rate(window)
        lasting = max(lasting, recent)
        if age_s > window:
            passing = max(passing, recent)
    rising = min(regime.rate + regime.slope * load_s, most_ahead * passing) if regime.slope > 0 else 0.0
    return Outlook(passing, lasting, weight * regime.error, rising)
