"""Who is waited for, for how long, and what is counted of it."""

import pytest

from metrics.series import series
from servescope.metrics.registry import Registry
from servescope.web.http.clients.patience import LEAST_BYTES
from servescope.web.http.clients.phase import Phase
from web.http.clients.scripted import Someone, port

CLOSED = "servescope_connections_closed_total"


def sweep(clients, *times):
    for now in times:
        clients.sweep(float(now))


@pytest.mark.parametrize(
    ("phase", "seconds", "reason"),
    [(Phase.HEADER, 10, "header_timeout"), (Phase.BODY, 20, "body_timeout"), (Phase.UNREAD, 20, "answer_timeout")],
)
def test_whoever_stands_still(phase, seconds, reason):
    """Is given up when the time of its phase is over, no sooner, once, and counted."""
    registry, client = Registry(), Someone(phase)
    clients = port(client, registry=registry)
    sweep(clients, 0, seconds - 1)
    assert client.given_up == []
    sweep(clients, seconds)
    assert client.given_up == [False]
    counts = series(registry, CLOSED)
    assert {labels[1]: value for labels, value in counts.items() if value} == {reason: 1}


def test_whoever_moves():
    """Has its time anew for each LEAST_BYTES, and not for less."""
    client = Someone(Phase.BODY)
    clients = port(client)
    for now in range(0, 100, 10):
        client.progress += LEAST_BYTES
        sweep(clients, now)
    assert client.given_up == []
    for now in range(100, 120, 5):
        client.progress += LEAST_BYTES // 8
        sweep(clients, now)
    assert client.given_up == [False]


@pytest.mark.parametrize("change", [{"phase": Phase.BODY}, {"rested": 5.0}])
def test_what_is_another_wait(change):
    """A body after its header, and a request after another, each have their own time."""
    client = Someone()
    clients = port(client)
    sweep(clients, 0, 9)
    for name, value in change.items():
        setattr(client, name, value)
    sweep(clients, 9.5, 19)
    assert client.given_up == []
    sweep(clients, 30)
    assert client.given_up == [False]


@pytest.mark.parametrize("phase", [Phase.IDLE, Phase.ANSWERING])
def test_whom_nobody_waits_for(phase):
    """Stays for ever."""
    client = Someone(phase)
    clients = port(client)
    sweep(clients, 0, 1000, 2000)
    assert client.given_up == []


def test_half_a_request_behind_an_answer():
    """Its time begins when the answer is out."""
    client = Someone(Phase.ANSWERING)
    clients = port(client)
    sweep(clients, 0, 100)
    client.phase = Phase.HEADER
    sweep(clients, 101, 110)
    assert client.given_up == []
    sweep(clients, 111)
    assert client.given_up == [False]


def test_idle_ones_are_not_looked_at_again():
    """Until they say that they begin something."""
    client = Someone(Phase.IDLE)
    clients = port(client)
    sweep(clients, 0)
    client.phase = Phase.HEADER
    sweep(clients, 1, 100)
    assert client.given_up == []
    clients.wait_for(client)
    sweep(clients, 101, 200)
    assert client.given_up == [False]


def test_who_is_given_up_and_stays():
    """As it does not read its answer, has the time of an answer, and that is all."""
    client = Someone()
    clients = port(client)
    sweep(clients, 0, 10)
    clients.wait_for(client)
    sweep(clients, 11, 30)
    assert client.given_up == [False]
    sweep(clients, 31)
    assert client.given_up == [False, False]


def test_who_has_left():
    """Is not given up, and nothing is kept of it."""
    client = Someone()
    clients = port(client)
    sweep(clients, 0)
    clients.left(client)
    sweep(clients, 100)
    assert client.given_up == []
    assert not clients.open
    clients.left(client)


def test_stalled_bodies():
    """Those whose body has stood still long enough, and since when."""
    still, moving, header = Someone(Phase.BODY), Someone(Phase.BODY), Someone()
    clients = port(still, moving, header)
    sweep(clients, 3)
    moving.progress += LEAST_BYTES
    assert list(clients.stalled(2.0)) == []
    assert list(clients.stalled(3.0)) == [(3.0, still)]


def test_the_census():
    """Every phase is shown, from the start."""
    registry = Registry()
    clients = port(Someone(Phase.IDLE), Someone(Phase.IDLE), Someone(Phase.BODY), registry=registry)
    shown = {labels[1]: value for labels, value in series(registry, "servescope_connections").items()}
    assert shown == {"idle": 2, "header": 0, "body": 1, "answering": 0, "unread": 0}
    clients.sweep(0.0)
    clients.joined(Someone(Phase.ANSWERING))
    clients.sweep(1.0)
    idle = next(client for client in clients.open if client.phase is Phase.IDLE)
    idle.phase = Phase.ANSWERING
    shown = {labels[1]: value for labels, value in series(registry, "servescope_connections").items()}
    assert shown == {"idle": 1, "header": 0, "body": 1, "answering": 2, "unread": 0}
    for client in list(clients.open):
        clients.left(client)
    assert not any(series(registry, "servescope_connections").values())
    assert set(series(registry, CLOSED)) == {
        ("inference", why) for why in ("header_timeout", "body_timeout", "answer_timeout", "no_descriptors")
    }


def test_the_end():
    """All are closed."""
    clients = port(Someone(), Someone(Phase.ANSWERING))
    clients.close()
    assert all(client.closed for client in clients.open)
