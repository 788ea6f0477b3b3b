"""What stands at a port: our services' methods as gRPC's handlers, each call with its books, and each error as a client gets it.

Called by `ports`. A method is a coroutine that is given a `Call`; it returns the answer's bytes, or None where it wrote them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import grpc
from grpc.aio import AbortError, ServicerContext

from servescope.errors import ServescopeError
from servescope.web.grpc.call import Call
from servescope.web.grpc.messages import Messages, Method
from servescope.web.http.exchange import Observers

Behavior = Callable[[Call], Awaitable[bytes | None]]


def service_handler(
    messages: Messages, service: str, api: str, behaviors: Mapping[str, Behavior], observers: Observers
) -> grpc.GenericRpcHandler:
    """A service, with what does each of its methods. `api`: inference or management.

    Messages come and go as bytes: what cannot be read is answered here, in words.
    """
    handlers = {}
    for name, method in messages.methods(service).items():
        make = grpc.unary_stream_rpc_method_handler if method.streams else grpc.unary_unary_rpc_method_handler
        handlers[name] = make(_handled(method, api, behaviors[name], observers))
    return grpc.method_handlers_generic_handler(service, handlers)


def _handled(method: Method, api: str, behavior: Behavior, observers: Observers) -> Callable[..., Any]:
    async def handle(data: bytes, context: "ServicerContext[Any, Any]") -> bytes | None:
        call = Call(method, api, data, context, observers)
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
