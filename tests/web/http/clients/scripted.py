"""Connections whose phase and progress a test says, for whoever watches over connections."""

from servescope.metrics.recording.ports.connections import PortConnections
from servescope.metrics.registry import Registry
from servescope.web.http.clients.clients import Clients
from servescope.web.http.clients.patience import Patience
from servescope.web.http.clients.phase import Phase


class Someone:
    """A `phase.Client`. `given_up`: how it was told to, in order."""

    def __init__(self, phase=Phase.HEADER, rested=0.0):
        self.phase = phase
        self.rested = rested
        self.progress = 0
        self.given_up = []
        self.closed = False

    @property
    def busy(self):
        return self.phase is Phase.ANSWERING

    def close(self):
        self.closed = True

    def give_up(self, *, at_once):
        self.given_up.append(at_once)
        self.phase = Phase.UNREAD


def port(*clients, registry=None, header_s=10, body_s=20):
    """A port's clients, these among them."""
    found = Clients(Patience(header_s, body_s), PortConnections(registry or Registry(), "inference"))
    for client in clients:
        found.joined(client)
    return found
