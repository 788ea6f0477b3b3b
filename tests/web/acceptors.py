"""What takes a port's connections, for tests of ports: with the settings' patience, and as many descriptors as there are."""

from servescope.metrics.recording.ports.connections import PortConnections
from servescope.metrics.registry import Registry
from servescope.web.http.clients.acceptor import Acceptor
from servescope.web.http.clients.clients import Clients
from servescope.web.http.clients.descriptors import Descriptors
from servescope.web.http.clients.patience import Patience
from servescope.web.http.clients.room import Room


def acceptor(room=None, patience=None, registry=None):
    """A port's; `room` is its own unless given."""
    clients = Clients(patience or Patience(), PortConnections(registry or Registry(), "inference"))
    return Acceptor(clients, room or Room(Descriptors()), favoured=False)
