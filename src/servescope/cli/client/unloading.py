"""`servescope models unregister` while it lasts: what a model that is unregistered still waits for, line by line.

In: how to connect to the management API, and the model's path. Out: the server's answer; meanwhile a line whenever what the model's
description says of its unloading has changed. Called by `cli.models.commands`.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from servescope.cli.client.connection import Connection
from servescope.cli.client.endpoints import call
from servescope.errors import ServescopeError

LOOK_S = 1.0

Connect = Callable[[], AbstractContextManager[Connection]]


def unload(connect: Connect, name: str, path: str, say: Callable[[str], None], look_s: float = LOOK_S) -> Any:
    """Unregister, and tell `say` every `look_s` seconds what is waited for; that is asked on a connection of its own.

    Raises:
        RefusedError: the server refuses, or has ended what did not finish in time.
    """
    over = threading.Event()
    telling = threading.Thread(target=_tell, args=(connect, name, path, say, over, look_s), daemon=True)
    telling.start()
    try:
        with connect() as client:
            return call(client, "DELETE", path)
    finally:
        over.set()
        telling.join()


def _tell(
    connect: Connect, name: str, path: str, say: Callable[[str], None], over: threading.Event, look_s: float
) -> None:
    said = None
    while not over.wait(look_s):
        try:
            with connect() as client:
                (model, *_) = call(client, "GET", path)
        except (ServescopeError, ValueError):  # it is gone, and its answer on the way
            continue
        unloading = model.get("unloading")
        if unloading is not None and unloading["requestsInFlight"] != said:
            said = unloading["requestsInFlight"]
            say(f"Unregistering {name}: {waited_for(said)}, for {unloading['secondsLeft']} s at most …")


def waited_for(requests: int) -> str:
    """What a model that is unregistered waits for, by the requests it has in flight."""
    if not requests:
        return "waits for its workers to stop"
    return f"waits for {requests} request{'s' if requests != 1 else ''} in flight"
