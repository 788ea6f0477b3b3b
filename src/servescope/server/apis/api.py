"""What an API is to the ports: its name, and a handler once it is known who shares the port. Each API is a part of its own."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from servescope.server.composition import Part
from servescope.web.http.app import Handler


class Api(Part, ABC):
    """`name`: its own. `address`: the API in whose `{address}_address` it listens. `enabled`: whether it has a port at all."""

    name: str
    enabled = True

    @property
    def address(self) -> str:
        """By default it has a port of its own."""
        return self.name

    @abstractmethod
    def handler(self, sharing: Sequence[str], description: bytes) -> Handler:
        """Its handler on the port that the APIs `sharing` answer on, whose OpenAPI document is `description`."""
