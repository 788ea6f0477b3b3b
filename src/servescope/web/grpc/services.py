"""What stands at a port: our services' methods as gRPC's handlers, each call with its books, and each error as a client gets it.

Called by `ports`. A method that is asked with one message is a coroutine that is given a `Call`; it returns the answer's bytes, or
None where it wrote them. One that is asked with many is given a `Stream` of calls.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from grpc.aio import AbortError, ServicerContext

from servescope.errors import ServescopeError
from servescope.web.grpc.call import Call
from servescope.web.grpc.protos.messages import Messages, Method
from servescope.web.grpc.statuses import Face
from servescope.web.http.exchange import Observers


@dataclass(frozen=True)
class Stream:
    """A call that is asked with any number of messages. Each is a `Call` with books of its own; the stream itself has none, so that
    one that lies open holds up no server's end. Whoever takes a call from it must finish it.
    """

    method: Method
    api: str
    face: Face
    context: "ServicerContext[Any, Any]"
    observers: Observers
    requests: AsyncIterator[bytes]

    async def calls(self) -> AsyncIterator[Call]:
        """The messages, as they come."""
        async for data in self.requests:
            yield Call(self.method, self.api, self.face, data, self.context, self.observers, part=True)


Behavior = Callable[[Call], Awaitable[bytes | None]]
StreamBehavior = Callable[[Stream], Awaitable[None]]


@dataclass(frozen=True)
class Service:
    """A service, with what does each of its methods. `name`: the full one. `api`: inference or management. `face`: how its errors
    look.
    """

    name: str
    api: str
    face: Face
    behaviors: Mapping[str, Behavior]
    streams: Mapping[str, StreamBehavior]


def service_handler(messages: Messages, service: Service, observers: Observers) -> grpc.GenericRpcHandler:
    """A service as gRPC has it. Messages come and go as bytes: what cannot be read is answered here, in words."""
    handlers = {}
    for name, method in messages.methods(service.name).items():
        if method.asks:
            behavior = service.streams[name]
            handlers[name] = grpc.stream_stream_rpc_method_handler(_streamed(method, service, behavior, observers))
        else:
            make = grpc.unary_stream_rpc_method_handler if method.streams else grpc.unary_unary_rpc_method_handler
            handlers[name] = make(_handled(method, service, service.behaviors[name], observers))
    return grpc.method_handlers_generic_handler(service.name, handlers)


def _handled(method: Method, service: Service, behavior: Behavior, observers: Observers) -> Callable[..., Any]:
    api, face = service.api, service.face

    async def handle(data: bytes, context: "ServicerContext[Any, Any]") -> bytes | None:
        call = Call(method, api, face, data, context, observers)
        try:
            return await behavior(call)
        except (AbortError, asyncio.CancelledError):
            raise
        except ServescopeError as error:
            await call.fail(error)
        except Exception:
            await call.fail_unforeseen()
        finally:
            call.left()

    return handle


def _streamed(method: Method, service: Service, behavior: StreamBehavior, observers: Observers) -> Callable[..., Any]:
    async def handle(requests: AsyncIterator[bytes], context: "ServicerContext[Any, Any]") -> None:
        await behavior(Stream(method, service.api, service.face, context, observers, requests))

    return handle
