"""Rank 0 hears the front end and speaks; what it passes on, and finds between two steps, is what the others find."""

import socket
import threading
from contextlib import suppress

import pytest
from msgspec.structs import replace

from servescope.wire.blocking import BlockingChannel, ChannelClosed
from servescope.wire.frames import encode
from servescope.wire.messages import Batch, Cancel, Field, FromWorker, Load, Loaded, Reply, Request, Stop
from servescope.wire.spooled.body import create
from servescope.wire.spooled.placing import placed
from servescope.worker.ranks.channels import FollowingChannel, LeadingChannel
from worker.front import request

LOAD = Load("m", "1.0", "/m", {}, "h", "", 1, 0, True, True, True, [])


class Ranks:
    """A front end's socket, and the channels of three ranks."""

    def __init__(self, spread):
        self.sockets = [half for _ in range(3) for half in socket.socketpair()]
        self.front, near, one, far_one, two, far_two = self.sockets
        links = [BlockingChannel(link, Loaded) for link in (one, two)]
        self.leader = LeadingChannel(near, links, spread)
        self.others = [FollowingChannel(far_one, 1), FollowingChannel(far_two, 2)]

    def say(self, message, body=b""):
        self.front.sendall(bytes(encode(message, [body] if body else [])) + body)

    def load(self):
        """All are told to."""
        self.say(LOAD)
        self.leader.receive()

    def heard(self):
        """What the front end hears."""
        self.front.settimeout(5)
        return BlockingChannel(self.front, FromWorker).receive()[0]


@pytest.fixture
def ranks():
    made = []

    def make(spread=True):
        made.append(Ranks(spread))
        return made[-1]

    yield make
    for one in made:
        for half in one.sockets:
            with suppress(OSError):  # the test may have closed it
                half.shutdown(socket.SHUT_RDWR)
        for thread in one.leader._listening:
            thread.join()
        for half in one.sockets:
            half.close()


def test_all_are_told_to_load_and_to_stop(ranks):
    """Also those of a pipeline; each has a GPU of its own, of those that the worker sees."""
    pipeline = ranks(spread=False)
    for message in (LOAD, Batch(1, [request()]), Cancel(1, "r"), Stop()):
        pipeline.say(message)
    assert [type(pipeline.leader.receive()[0]).__name__ for _ in range(4)] == ["Load", "Batch", "Cancel", "Stop"]
    for number, channel in enumerate(pipeline.others, 1):
        load, stop = channel.receive()[0], channel.receive()[0]
        assert (load.gpu_id, type(stop)) == (number, Stop)


@pytest.mark.parametrize("there", [True, False], ids=["it is there", "it is lost"])
def test_a_body_that_lies_elsewhere(ranks, there):
    """Is read by rank 0 alone, so that all have it, or none."""
    spread = ranks()
    body = create()
    body.append(b"b" * 1000)
    asked = Request("r", [], {}, [Field("body", "", 1000)])
    told, _ = placed(Batch(7, [asked]), [body])
    told.places = told.places if there else [replace(told.places[0], path="/nowhere")]
    spread.say(told)
    expected = (Batch(7, [asked]), b"b" * 1000) if there else (Cancel(7, ""), b"")
    for channel in (spread.leader, *spread.others):
        assert channel.receive() == expected


def test_requests_reach_all_with_their_bodies(ranks):
    """Of a model that is cut up within its layers."""
    spread = ranks()
    spread.say(Batch(7, [request()]), b"b" * 100_000)
    assert spread.leader.receive()[1] == b"b" * 100_000
    for channel in spread.others:
        batch, body = channel.receive()
        assert (batch.id, body) == (7, b"b" * 100_000)


def test_only_rank_0_speaks(ranks):
    """The others' answers go nowhere, whichever way they are sent."""
    spread = ranks()
    reply = Reply(1, True, 200, "", [], 0.0, {"prediction": 0.0})
    for channel in spread.others:
        channel.send(reply)
        channel.send_buffers([encode(reply)])
    spread.leader.send(reply)
    assert spread.leader._others[0].has_more is False


@pytest.mark.parametrize(("codes", "heard"), [((200, 200), 200), ((200, 507), 507), ((500, 200), 500)])
def test_the_model_is_loaded_when_all_have_it(ranks, codes, heard):
    """The first that has not says why, for all, and nobody says more."""
    spread = ranks()
    spread.load()
    for channel, code in zip(spread.others, codes, strict=True):
        channel.send(Loaded(code, "why", False))
    spread.leader.send(Loaded(200, "", False))
    assert spread.heard().code == heard
    assert not BlockingChannel(spread.front).has_more


def test_a_rank_that_fails_while_rank_0_loads(ranks):
    """Rank 0 may wait for it in an operation that it never comes to: the front end hears why all the same."""
    spread = ranks()
    spread.load()
    spread.others[1].send(Loaded(507, "why", False))
    told = spread.heard()
    assert (told.code, told.message) == (507, "why")


def test_a_rank_that_ends_without_a_word(ranks):
    """The model is not loaded."""
    spread = ranks()
    spread.load()
    spread.sockets[3].close()
    spread.others[1].send(Loaded(200, "", False))
    with pytest.raises(ChannelClosed):
        spread.leader.send(Loaded(200, "", False))


def test_a_leader_that_fails_waits_for_nobody(ranks):
    """The others may wait for it, in an operation that it never comes to."""
    spread = ranks()
    spread.leader.send(Loaded(500, "why", False))
    spread.front.settimeout(5)
    assert b"why" in spread.front.recv(65536)


def test_ranks_find_the_same_between_two_steps(ranks):
    """However late the others look: as many messages as rank 0 has found, and then none."""
    spread = ranks()
    spread.say(Batch(1, [request("a")]))
    steps = []
    while spread.leader.has_more:
        steps.append(spread.leader.receive()[0].id)
    spread.say(Batch(2, [request("b")]))
    spread.say(Batch(3, [request("c")]))
    while spread.leader.has_more:
        steps.append(spread.leader.receive()[0].id)
    assert steps == [1, 2, 3]
    for channel in spread.others:
        found = []
        for _ in range(2):
            step = []
            while channel.has_more:
                assert channel.has_more
                step.append(channel.receive()[0].id)
            found.append(step)
        assert found == [[1], [2, 3]]


def test_a_rank_that_has_nothing_to_do_waits(ranks):
    """Rank 0 has looked in vain, and waits: what comes then is a message for all."""
    spread = ranks()
    assert not spread.leader.has_more
    spread.say(Stop())
    assert type(spread.leader.receive()[0]) is Stop
    for channel in spread.others:
        assert type(channel.receive()[0]) is Stop


def test_a_leader_that_ends_leaves_the_others_alone(ranks):
    """They hear of it as a worker hears of its front end's end."""
    spread = ranks()
    seen = []

    def wait():
        with pytest.raises(ChannelClosed):
            spread.others[0].receive()
        seen.append(True)

    thread = threading.Thread(target=wait)
    thread.start()
    spread.sockets[2].close()
    thread.join(5)
    assert seen == [True]
