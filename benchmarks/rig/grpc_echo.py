"""A bare grpc.aio server on uvloop that answers each message with the same one: what gRPC takes before a server does anything.

    python benchmarks/rig/grpc_echo.py PORT

Run by over_grpc.py beside Servescope.
"""

import sys
from pathlib import Path

import grpc
import uvloop

sys.path.insert(0, str(Path(__file__).parents[1]))

from rig.grpc_load import ANSWERED, PREDICTIONS


async def main(port: int) -> None:
    """Serve until it is killed."""

    async def predictions(_data: bytes, _context: object) -> bytes:
        return ANSWERED

    _, service, method = PREDICTIONS.split("/")
    handlers = {method: grpc.unary_unary_rpc_method_handler(predictions)}
    server = grpc.aio.server(handlers=[grpc.method_handlers_generic_handler(service, handlers)])
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
