"""What takes a port's connections, for tests of ports: with the settings' patience, and as many descriptors as there are."""

from functools import partial

from servescope.metrics.recording.ports.connections import PortConnections
from servescope.metrics.registry import Registry
from servescope.web.http.clients.acceptor import Acceptor
from servescope.web.http.clients.clients import Clients
from servescope.web.http.clients.descriptors import Descriptors
from servescope.web.http.clients.patience import Patience
from servescope.web.http.clients.room import Room
from servescope.web.http.connections.connection import Connection


def clients(patience=None, registry=None):
    """Nobody yet."""
    return Clients(patience or Patience(), PortConnections(registry or Registry(), "inference"))


def acceptor(app, tls=None, room=None, **how):
    """A port's; `room` is its own unless given, and `how` are `clients`."""
    return Acceptor(clients(**how), room or Room(Descriptors()), partial(Connection, app), tls, favoured=False)
