"""A small HTTP server for a test's time: in, a class of handlers; out, its port. It runs on a thread."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import Any


class Silent:
    """Of handlers that write no log; named before the handler's own base class."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def answering(handler: Callable[..., Any], tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Have a server answer on a port of 127.0.0.1, over TLS if asked."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
