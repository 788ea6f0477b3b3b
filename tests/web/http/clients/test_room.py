"""Who goes when there are no descriptors: those first that have the least to lose."""

from metrics.series import series
from servescope.metrics.registry import Registry
from servescope.web.http.clients.descriptors import Descriptors
from servescope.web.http.clients.phase import Phase
from servescope.web.http.clients.room import FEWEST, STALLED_S, YOUNG_S, Room
from web.http.clients.scripted import Someone, port


class Clock:
    """Says what time the test has made it."""

    now = 100.0

    def __call__(self):
        return self.now


def room_of(*ports):
    clock = Clock()
    room = Room(Descriptors(), clock)
    for one in ports:
        room.add(one)
    return room, clock


def order(room, clock, clients):
    """In which they go."""
    gone = []
    while room.make():
        clock.now += 0.01
        gone += [client for client in clients if client.given_up and client not in gone]
    return gone


def test_the_order():
    """The longest idle, then the longest without a header, of whatever port, then bodies that stand still, then who has just had an
    answer; nobody else.
    """
    idle = [Someone(Phase.IDLE, rested) for rested in (3.0, 1.0, 2.0)]
    headers = [Someone(Phase.HEADER, rested) for rested in (0.7, 0.2)]
    still = Someone(Phase.BODY)
    others = [Someone(Phase.ANSWERING), Someone(Phase.UNREAD)]
    first = port(idle[0], headers[0], *others, header_s=60)
    second = port(idle[1], idle[2], headers[1], still, header_s=60)
    second.sweep(100.0 - STALLED_S)
    moving, asking = Someone(Phase.BODY), Someone(Phase.IDLE, 99.9)
    second.joined(moving)
    second.joined(asking)
    second.sweep(100.0)
    room, clock = room_of(first, second)
    wanted = [idle[1], idle[2], idle[0], headers[1], headers[0], still, asking]
    everybody = [*wanted, *others, moving]
    assert order(room, clock, everybody) == wanted
    assert all(client.given_up == [True] for client in wanted)


def test_who_is_no_longer_idle():
    """When its turn comes is left alone, and so is one that was busy in between; who is idle since goes next."""
    busy, again, left, last = (Someone(Phase.IDLE, float(number)) for number in range(4))
    clients = port(busy, again, left, last)
    room, clock = room_of(clients)
    first = Someone(Phase.IDLE, -1.0)
    clients.joined(first)
    assert room.make()
    assert first.given_up
    busy.phase = Phase.ANSWERING
    again.rested = 200.0
    clients.left(left)
    assert room.make()
    assert last.given_up == [True]
    assert not again.given_up
    clock.now += 1
    assert room.make()
    assert again.given_up == [True]
    assert not busy.given_up
    assert not left.given_up


def test_who_has_just_come():
    """Has a moment for its header."""
    young = Someone(Phase.HEADER, 100.0 - YOUNG_S / 2)
    room, clock = room_of(port(young))
    assert not room.make()
    clock.now += YOUNG_S / 2
    assert room.make()
    assert young.given_up == [True]


def test_who_does_not_take_a_small_answer():
    """Seemed idle, and is not: it keeps its place, and has a time from now on."""
    client = Someone(Phase.IDLE)
    clients = port(client, body_s=20)
    room, clock = room_of(clients)
    clients.sweep(clock.now)
    client.phase = Phase.UNREAD
    assert not room.make()
    assert client.given_up == []
    clients.sweep(clock.now)
    clients.sweep(clock.now + 20)
    assert client.given_up == [False]


def test_nobody():
    """Is said once looked for, and not looked for again at once: there may be thousands to look through."""
    clients = port(Someone(Phase.ANSWERING))
    room, clock = room_of(clients)
    assert not room.make()
    late = Someone(Phase.IDLE)
    clients.joined(late)
    assert not room.make()
    clock.now += 0.1
    assert room.make()
    assert late.given_up == [True]


def test_it_is_counted_and_said(caplog):
    """By port, and in the log."""
    registry = Registry()
    room, _ = room_of(port(Someone(Phase.IDLE), registry=registry))
    assert room.make()
    assert series(registry, "servescope_connections_closed_total")["inference", "no_descriptors"] == 1
    assert "File descriptors run out" in caplog.text


def test_the_sweep():
    """Gives up those who have had their time, and makes room where less is free than shall be."""
    slow, idle = Someone(), Someone(Phase.IDLE)
    room, clock = room_of(port(slow, idle, header_s=10))
    room.sweep()
    clock.now += 10
    room.sweep()
    assert (slow.given_up, idle.given_up) == ([False], [])
    low = Room(Descriptors(lambda: 8), clock)
    others = [Someone(Phase.ANSWERING) for _ in range(FEWEST - 1)]
    crowded = port(idle, *others)
    low.add(crowded)
    low.sweep()
    assert idle.given_up == []  # so many a port may have in any case
    crowded.joined(Someone(Phase.ANSWERING))
    low.sweep()
    assert idle.given_up == [True]
