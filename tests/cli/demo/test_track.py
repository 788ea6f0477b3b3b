"""An alert's way, out of what both programs list."""

import pytest

from servescope.cli.demo.track import FIRING, INACTIVE, PENDING, RESOLVED, UNKNOWN, Track, also_active, followed, title

SLOW = {"alertname": "ServescopeSlow", "model_name": "m"}
TOLD = {"summary": "it is slow", "description": "very"}


def listed(state, **labels):
    """As /api/v1/alerts of Prometheus has it."""
    return {"labels": {**SLOW, "severity": "ticket", "job": "j", **labels}, "annotations": TOLD, "state": state}


def known(state, **labels):
    """As /api/v2/alerts of Alertmanager has it."""
    return {"labels": {**SLOW, "job": "j", **labels}, "status": {"state": state}}


def after(*looks):
    """The track after looks at both lists, a second apart."""
    track = Track(SLOW)
    for second, (prometheus, alertmanager) in enumerate(looks):
        track = followed(track, prometheus, alertmanager, float(second))
    return track


def test_the_whole_way():
    """Inactive until it is first listed, resolved when it is listed no more; each state once, with when it came."""
    looks = [([], []), ([listed("pending")], []), ([listed("pending")], []), ([listed("firing")], [])]
    pending = after(*looks[:3])
    assert (pending.prometheus, pending.alertmanager, pending.severity) == (PENDING, UNKNOWN, "ticket")
    assert pending.told is None
    assert not after(*looks).fires, "Alertmanager does not know yet"
    looks.append(([listed("firing")], [known("active")]))
    firing = after(*looks)
    assert firing.fires
    assert not firing.over
    assert firing.told == TOLD
    looks.append(([], [known("active")]))
    assert not after(*looks).over, "Alertmanager does not know yet"
    looks.append(([], []))
    end = after(*looks)
    assert end.over
    assert not end.fires
    assert end.told == TOLD
    assert end.way == ((INACTIVE, 0.0), (PENDING, 1.0), (FIRING, 3.0), (RESOLVED, 5.0))
    assert (end.prometheus, end.alertmanager) == (RESOLVED, RESOLVED)


def test_what_never_fired_is_not_resolved():
    """Pending and then not: inactive again, and not over."""
    track = after(([], []), ([listed("pending")], []), ([], []))
    assert track.prometheus == INACTIVE
    assert track.alertmanager == UNKNOWN
    assert not track.over
    assert [state for state, _ in track.way] == [INACTIVE, PENDING, INACTIVE]


def test_over_stays_over_when_it_was_pending_once_more():
    """After it was resolved, a pending that comes to nothing does not undo that."""
    way = [([listed("firing")], [known("active")]), ([], []), ([listed("pending")], [])]
    assert not after(*way).over
    assert after(*way, ([], [])).over


def test_without_a_pending():
    """An alert that waits for nothing fires when it is first listed; a suppressed one counts as known."""
    track = after(([], []), ([listed("firing")], [known("suppressed")]))
    assert track.way == ((INACTIVE, 0.0), (FIRING, 1.0))
    assert track.alertmanager == "suppressed"
    assert track.fires


@pytest.mark.parametrize("states", [("pending", "firing"), ("firing", "pending")])
def test_of_several_the_furthest_counts(states):
    """In whatever order they are listed."""
    assert after(([listed(state, instance=state) for state in states], [])).prometheus == FIRING


@pytest.mark.parametrize("labels", [{"alertname": "Other"}, {"model_name": "other"}])
def test_others_are_not_followed(labels):
    """Other alerts, and other models' alerts."""
    track = after(([listed("firing", **labels)], [known("active", **labels)]))
    assert (track.prometheus, track.alertmanager) == (INACTIVE, UNKNOWN)


def test_what_else_fires():
    """Of the model, firing, and followed by no track; by name and window."""
    alerts = [
        listed("firing"),
        listed("firing", alertname="Burns", window="6h"),
        listed("firing", alertname="Burns", window="1d"),
        listed("pending", alertname="Pends"),
        listed("firing", alertname="Elsewhere", model_name="other"),
    ]
    assert also_active([Track(SLOW)], alerts, model_name="m") == ["Burns (1d)", "Burns (6h)"]
    assert title(SLOW) == "ServescopeSlow"
