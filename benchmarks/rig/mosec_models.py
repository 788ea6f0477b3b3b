"""The no-op models of stores.py, as Mosec has them: `/noop` and `/noop16`.

In: Mosec's own options. Runs until it is told to end, in an environment of its own that has mosec. Started by servers.py.
"""

from typing import Any

from mosec import Runtime, Server, Worker


class Noop(Worker):
    """Answers every request with the text ok; bodies and answers are bytes, as TorchServe's handlers have them."""

    def deserialize(self, data: bytes) -> bytes:
        """The body as it came."""
        return data

    def serialize(self, data: str) -> bytes:
        """The answer's bytes."""
        return data.encode()

    def forward(self, data: Any) -> Any:
        """One answer for a request, a list of them for a batch."""
        return ["ok"] * len(data) if isinstance(data, list) else "ok"


if __name__ == "__main__":
    server = Server()
    server.register_runtime(
        {
            "/noop": [Runtime(Noop)],
            "/noop16": [Runtime(Noop, max_batch_size=16, max_wait_time=1)],
        }
    )
    server.run()
