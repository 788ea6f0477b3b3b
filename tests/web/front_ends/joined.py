"""A port whose connections are a front end's, with both ends of the channel in the test's own process."""

import asyncio
import os
import socket
from functools import partial

from metrics.series import series
from servescope.config.address import Address
from servescope.config.settings import Settings
from servescope.logs.access import AccessLog
from servescope.logs.sinks import RollingFile
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.web.front_ends.channel import Channel
from servescope.web.front_ends.child.dealt import Dealt
from servescope.web.front_ends.child.lending import Lending
from servescope.web.front_ends.child.serving import Serving
from servescope.web.front_ends.dealer import Dealer
from servescope.web.front_ends.desk import Desk
from servescope.web.front_ends.messages import Back, Look, Stop, Terms, from_front_end
from servescope.web.front_ends.remote import begin_remote
from servescope.web.front_ends.shelf import Shelf, pair
from servescope.web.front_ends.written import Written, create
from servescope.web.http.app import HttpApp
from servescope.web.http.clients.descriptors import Descriptors
from servescope.web.http.clients.room import Room
from servescope.web.http.exchange import Observers
from servescope.web.http.listening.listener import Listener
from web.port import Api


class Place:
    """What a dealer needs of a front end."""

    number = 1
    prompt = True

    def __init__(self):
        self.dealt, taken = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.dealt.setblocking(False)
        self.taken = Dealt(fileno=taken.detach())


class JoinedPort:
    """A port over `act`, on a Unix socket; `desk` is the owner's end, `serving` the front end's. `limit`: of a body, bytes."""

    def __init__(self, directory, act, limit=1000):
        self.log = directory / "access_log.log"
        self.registry = Registry()
        self._file = RollingFile(self.log, print)
        self._access = AccessLog(self._file, "text", with_id=True)
        recorder = Recorder(self.registry, "h")
        self.observers = Observers(recorder, self._access)
        settings = Settings(max_request_size=limit)
        app = HttpApp([Api(act)], settings, self.observers, begin=partial(begin_remote, self.observers), spools=True)
        self.place = Place()
        ports = recorder.connections.port("inference")
        self.desk = Desk(app, ports)
        self.path = str(directory / "joined.sock")
        address = Address("unix", "", 0, self.path)
        self._listener = Listener("inference_address", address, Dealer([self.place], ports, Room(Descriptors())))
        self._terms = Terms(limit, 60.0, 60.0, busy_poll=True)

    async def __aenter__(self):
        memory = create()
        self.written, counted = Written(memory), Written(memory)
        os.close(memory)
        ours, theirs = socket.socketpair()
        self.gone = asyncio.Event()
        self.desk.channel = Channel(from_front_end(), self.desk.takes, self.gone.set)
        here, there = pair()
        self.desk.shelf = Shelf(here, lambda *told: self.desk.channel.mention(Back(*told)))
        self.lending = Lending(there)
        self.serving = Serving(self.place.taken, counted, self.lending)
        await self.desk.channel.open(ours)
        await self.serving.channel.open(theirs)
        self.desk.channel.say(self._terms)
        await self.desk.ready.wait()
        await self._listener.start()
        return self

    async def __aexit__(self, *_):
        await self._listener.close()
        self.desk.channel.say(Stop())
        await self.serving.over.wait()
        await self.serving.farewell()
        relay = self.serving._relay
        assert not relay.deserted.is_set() or relay.in_hand == 0
        await self.gone.wait()
        self.desk.channel.close()
        self.desk.shelf.close()
        self.lending.close()
        self.place.dealt.close()
        self._file.close()

    async def connection(self):
        """A new one's reader and writer."""
        return await asyncio.open_unix_connection(self.path)

    async def settle(self):
        """All that the front end had to say until now has come."""
        self.desk.looked.clear()
        self.desk.channel.say(Look())
        await self.desk.looked.wait()

    def hold(self):
        """From now on the front end does not do what it is told of requests: a list of that, each as a call that does it."""
        held = []
        takes = self.serving.channel._takes
        for kind, take in self.serving._relay.takes.items():
            takes[kind] = lambda *what, take=take: held.append(partial(take, *what))
        return held

    def let_go(self):
        """It does again."""
        self.serving.channel._takes.update(self.serving._relay.takes)

    def deafen(self):
        """From now on the owner hears nothing of the front end, as if that had ended."""
        self.desk.takes.update(dict.fromkeys(self.desk.takes, lambda *_: None))

    def logged(self):
        """The lines of the access log."""
        self._access.flush()
        return self.log.read_text().splitlines()

    def counted(self):
        """What is counted of the port's requests, by method, path and code."""
        found = series(self.registry, "servescope_http_requests_total")
        return {labels[1:]: count for labels, count in found.items() if count}
