"""What has become of an alert: in, what Prometheus and Alertmanager say of it again and again; out, its way so far.

Pure; fed and shown by `demo_alerts`. Both programs list only what is active, so that an alert is inactive before it is
first listed, and resolved afterwards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

INACTIVE, PENDING, FIRING, RESOLVED = "inactive", "pending", "firing", "resolved"
UNKNOWN = "–"
Listed = Mapping[str, Any]


@dataclass(frozen=True)
class Track:
    """One alert: its labels, which tell it from others, and both programs' states of it.

    `way`: each state that Prometheus had it in, with the second at which that was first seen. `severity`: '' until it is listed.
    `told`: the annotations, once it fires.
    """

    labels: Mapping[str, str]
    prometheus: str = INACTIVE
    alertmanager: str = UNKNOWN
    way: tuple[tuple[str, float], ...] = ()
    severity: str = ""
    told: Mapping[str, str] | None = None

    @property
    def fires(self) -> bool:
        """Whether it fires, and Alertmanager knows."""
        return self.prometheus == FIRING and self.alertmanager not in (UNKNOWN, RESOLVED)

    @property
    def over(self) -> bool:
        """Whether it fired and is active no more, and Alertmanager knows."""
        fired = any(state == FIRING for state, _ in self.way)
        return fired and self.prometheus in (INACTIVE, RESOLVED) and self.alertmanager == RESOLVED


def followed(track: Track, prometheus: Sequence[Listed], alertmanager: Sequence[Listed], at_s: float) -> Track:
    """The track after one more look, at a second since the beginning.

    `prometheus` is `data.alerts` of Prometheus' /api/v1/alerts, `alertmanager` is Alertmanager's /api/v2/alerts.
    """
    there = [alert for alert in prometheus if _matches(track, alert)]
    states = {str(alert["state"]) for alert in there}
    # Of several that differ in further labels, the one that is furthest counts.
    listed = next((state for state in (FIRING, PENDING) if state in states), None)
    state = listed or _absent(track.prometheus, RESOLVED if track.prometheus == FIRING else INACTIVE)
    known = [str(alert["status"]["state"]) for alert in alertmanager if _matches(track, alert)]
    moved = replace(
        track,
        prometheus=state,
        alertmanager=known[0] if known else _absent(track.alertmanager, RESOLVED),
        way=track.way if track.way and track.way[-1][0] == state else (*track.way, (state, at_s)),
    )
    if not there:
        return moved
    told = there[0]["annotations"] if listed == FIRING else track.told
    return replace(moved, severity=str(there[0]["labels"].get("severity", "")), told=told)


def also_active(tracks: Sequence[Track], prometheus: Sequence[Listed], **labels: str) -> list[str]:
    """Names, with their windows, of firing alerts that carry these labels and that no track follows; sorted."""
    others = (
        alert["labels"]
        for alert in prometheus
        if alert["state"] == FIRING
        and labels.items() <= alert["labels"].items()
        and not any(_matches(track, alert) for track in tracks)
    )
    return sorted({title(found) for found in others})


def title(labels: Mapping[str, str]) -> str:
    """An alert's name, and its window where it has one."""
    window = labels.get("window")
    return labels["alertname"] + (f" ({window})" if window else "")


def _absent(before: str, after: str) -> str:
    """The state of what is not listed: what it was, if it never was listed or is over, else `after`."""
    return before if before in (INACTIVE, UNKNOWN, RESOLVED) else after


def _matches(track: Track, alert: Listed) -> bool:
    return bool(track.labels.items() <= alert["labels"].items())
