"""A model that answers nobody, on one server: in, what is recorded of its workers and clients; out, an alert's condition.

Called by `workers`.
"""

from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.promql import Expression, Recordings, clamp_min, last_over_time
from servescope.operate.recordings.levels import MODEL as BY_MODEL
from servescope.operate.recordings.requests import NORMAL
from servescope.operate.recordings.stuck import HELD, LEFT, WINDOWS


def stuck(oldest: Expression, recorded: Recordings, thresholds: Thresholds) -> Expression:
    """Workers are busy and requests come, and nobody was answered for two minutes, or three times what is normal.

    `oldest`: the age of the oldest request under way, which is what the alert tells.
    """
    normal = last_over_time(recorded.read(f"{NORMAL}1d"), "10m")
    patience = clamp_min(normal * thresholds.stuck_times_normal, thresholds.stuck_seconds)
    held = recorded.read(HELD).now.join(">", patience, on=BY_MODEL, group_left=())
    return oldest.and_on(held.or_else(_left(patience, recorded, thresholds)))


def _left(patience: Expression, recorded: Recordings, thresholds: Thresholds) -> Expression:
    """Enough clients left in the first window that is as long as the patience with the model."""
    windows = [
        (recorded.read(f"{LEFT}{window}").now >= thresholds.minimum_failed_page).and_on(patience <= seconds, *BY_MODEL)
        for window, seconds in WINDOWS
    ]
    first, second = windows
    return first.or_else(second)
