"""gRPC's health check: SERVING as long as /readyz says so. Made by `ports`; `services` calls."""

from collections.abc import Collection

from servescope.errors import ResourceNotFound
from servescope.serving.readiness.health import Health
from servescope.web.grpc.call import Call

_SERVING, _NOT_SERVING = 1, 2


class HealthService:
    """`names`: the services that may be asked for; they are all served, or none."""

    def __init__(self, health: Health, names: Collection[str]) -> None:
        self._health = health
        self._names = ("", *names)

    async def check(self, call: Call) -> bytes:
        """Whether the server is ready. Nobody needs a token for that.

        Raises:
            ResourceNotFound: no such service.
        """
        service = call.message().service
        if service not in self._names:
            raise ResourceNotFound(f"There is no service {service!r:.80} on this port.")
        return call.answer(200, status=_SERVING if self._health.ready else _NOT_SERVING)
