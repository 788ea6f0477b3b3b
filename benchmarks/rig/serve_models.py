"""The no-op models of stores.py, as Ray Serve has them, behind its HTTP proxy: `/noop` and `/noop16`.

    python benchmarks/rig/serve_models.py ADDRESS PORT

In: a cluster's address and the proxy's port. Runs until it is told to end. Started by on_ray.py, in an environment with ray[serve].
"""

import signal
import sys

import ray
from ray import serve
from starlette.requests import Request
from starlette.responses import PlainTextResponse

# As many as the load has connections: by itself a replica takes five at a time.
ONGOING = 128
BATCH_DELAY_S = 0.001
OF_ITS_OWN = {"num_cpus": 0.5}


@serve.deployment(max_ongoing_requests=ONGOING, ray_actor_options=OF_ITS_OWN)
class Noop:
    """Answers every request with the text ok, once its body has come."""

    async def __call__(self, request: Request) -> PlainTextResponse:
        """One answer."""
        await request.body()
        return PlainTextResponse("ok")


@serve.deployment(max_ongoing_requests=ONGOING, ray_actor_options=OF_ITS_OWN)
class Noop16:
    """The same in batches, by Serve's own decorator."""

    @serve.batch(max_batch_size=16, batch_wait_timeout_s=BATCH_DELAY_S)
    async def answers(self, bodies: list[bytes]) -> list[str]:
        """One answer each."""
        return ["ok"] * len(bodies)

    async def __call__(self, request: Request) -> PlainTextResponse:
        """One answer."""
        return PlainTextResponse(await self.answers(await request.body()))


def main() -> None:
    """Serve until SIGTERM."""
    address, port = sys.argv[1:]
    ended = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ended)  # ray's threads inherit it
    ray.init(address=address, log_to_driver=False)
    # The nodes are on one machine: a proxy on each would want the same port.
    serve.start(proxy_location="HeadOnly", http_options={"host": "127.0.0.1", "port": int(port)})
    serve.run(Noop.bind(), name="noop", route_prefix="/noop")
    serve.run(Noop16.bind(), name="noop16", route_prefix="/noop16")
    signal.sigwait(ended)
    serve.shutdown()


if __name__ == "__main__":
    main()
