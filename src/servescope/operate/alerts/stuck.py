"""A model that answers nobody, on one server: in, what is recorded of its workers and clients; out, an alert.

Called by `workers`.
"""

from servescope.operate.alert import Alert
from servescope.operate.alerts.wording import DURATION, MODEL, SERVER
from servescope.operate.promql import Expression, Recordings, clamp_min, last_over_time, max_by, metric, recent
from servescope.operate.recordings.levels import INSTANCE_MODEL
from servescope.operate.recordings.levels import MODEL as BY_MODEL
from servescope.operate.recordings.requests import NORMAL
from servescope.operate.recordings.stuck import HELD, LEFT, WINDOWS
from servescope.operate.thresholds.thresholds import Thresholds


def stuck_alert(recorded: Recordings, thresholds: Thresholds) -> Alert:
    """Workers are busy and requests come, and nobody was answered for two minutes, or three times what is normal."""
    oldest = max_by(recent(metric("servescope_in_flight_oldest_seconds")), *INSTANCE_MODEL)
    normal = last_over_time(recorded.read(f"{NORMAL}1d"), "10m")
    patience = clamp_min(normal * thresholds.stuck_times_normal, thresholds.stuck_seconds)
    held = recorded.read(HELD).now.join(">", patience, on=BY_MODEL, group_left=())
    return Alert(
        name="ServescopeModelStuck",
        severity="page",
        role="cause",
        condition=oldest.and_on(held.or_else(_left(patience, recorded, thresholds))),
        measured=oldest,
        summary=f"{MODEL} on {SERVER} answers nobody",
        description=(
            f"All workers of {MODEL} on {SERVER} are busy, and nobody was answered for {thresholds.stuck_seconds:g} s or longer."
            f" The oldest request under way came {DURATION} ago; its client may be gone."
        ),
    )


def _left(patience: Expression, recorded: Recordings, thresholds: Thresholds) -> Expression:
    """Enough clients left in the first window that is as long as the patience with the model."""
    windows = [
        (recorded.read(f"{LEFT}{window}").now >= thresholds.minimum_failed_page).and_on(patience <= seconds, *BY_MODEL)
        for window, seconds in WINDOWS
    ]
    first, second = windows
    return first.or_else(second)
