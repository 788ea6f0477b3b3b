"""A manifest's handler → what a worker calls for each batch. Called once a worker, by `worker.__main__`.

Of `module[.py][:name]`, `worker.handler.modules` imports the module. A function is called once as `fn(None, context)`,
a class is made and its `initialize(context)` called (TorchServe's ts.model_loader). Unlike there, a class may be named,
and classes without `handle`, or that others in the file descend from, do not count.
"""

import inspect
import logging
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from msgspec import Struct

from servescope.errors import InvalidModel
from servescope.worker.handler.context import Context
from servescope.worker.handler.modules import import_handler

Entry = Callable[[list[dict[str, Any]], Context], Any]
Finish = Callable[[Coroutine[Any, Any, Any]], Any]

DEFAULT_FUNCTION = "handle"

logger = logging.getLogger(__name__)


class LoadedHandler(Struct, frozen=True):
    """An initialised handler: `entry(rows, context)`, one row and one output a request; `is_async` if it is awaited.

    `raw_bodies`: its class says that it wants bodies as the clients sent them, never decoded.
    """

    entry: Entry
    is_async: bool
    raw_bodies: bool = False


def load_handler(handler: str, model_dir: Path, context: Context, finish: Finish) -> LoadedHandler:
    """Import, make and initialise the handler. `finish` runs an asynchronous initialisation to its end.

    Raises:
        InvalidModel: no such module, or no handler in it. What the handler's own code raises comes through as it is.
    """
    location, _, function = handler.partition(":")
    module = import_handler(location, model_dir)
    entry, raw_bodies = _initialise(module, function or DEFAULT_FUNCTION, handler, context, finish)
    return LoadedHandler(entry, is_async(entry), raw_bodies)


def is_async(entry: Entry) -> bool:
    """Whether a call of `entry` gives a coroutine; a callable object is judged by its `__call__`."""
    call = vars(type(entry)).get("__call__")
    return inspect.iscoroutinefunction(entry) or inspect.iscoroutinefunction(call)


def _initialise(
    module: ModuleType, function: str, handler: str, context: Context, finish: Finish
) -> tuple[Entry, bool]:
    """The callable for batches, after the one call that lets the handler load its model, and if it wants raw bodies."""
    named = getattr(module, function, None)
    if hasattr(module, function) and not inspect.isclass(named):
        if not callable(named):
            raise InvalidModel(f"handler {handler!r}: {function} in {module.__file__} is {named!r}, not a function")
        entry: Entry = named
        _await(entry(None, context), finish)  # type: ignore[arg-type]
        return entry, False
    instance = (_able(named, handler) if inspect.isclass(named) else _handler_class(module, function, handler))()
    initialize = getattr(instance, "initialize", None)
    if initialize is not None:
        _await(initialize(context), finish)
    # Read only now: `initialize` may have put another callable, such as MicroBatching, in its place.
    found: Entry = instance.handle
    return found, bool(getattr(instance, "raw_bodies", False))


def _able(named: type[Any], handler: str) -> type[Any]:
    if not callable(getattr(named, DEFAULT_FUNCTION, None)):
        raise InvalidModel(f"handler {handler!r}: the class {named.__name__} has no method {DEFAULT_FUNCTION}")
    return named


def _handler_class(module: ModuleType, function: str, handler: str) -> type[Any]:
    """The one class that the module itself defines and that has a `handle`; of classes that descend from each other the last."""
    own = [one for _, one in inspect.getmembers(module, inspect.isclass) if one.__module__ == module.__name__]
    able = last_descendants([one for one in own if callable(getattr(one, DEFAULT_FUNCTION, None))])
    if len(able) == 1:
        if function != DEFAULT_FUNCTION:
            logger.warning(
                "handler %r: there is no %s in it; its class %s is served", handler, function, able[0].__name__
            )
        return able[0]
    found = ", ".join(one.__name__ for one in able) or "none"
    raise InvalidModel(
        f"handler {handler!r}: Expected only one class in custom service code or a function entry point: "
        f"{module.__file__} defines no function {function!r}, and of classes with a {DEFAULT_FUNCTION} method {found}"
        + (f"; name one of them, as in {handler.partition(':')[0]}:{able[0].__name__}" if able else "")
    )


def last_descendants(classes: Sequence[type[Any]]) -> list[type[Any]]:
    """Those of the classes that none of the others descends from."""
    return [one for one in classes if not any(other is not one and issubclass(other, one) for other in classes)]


def _await(result: Any, finish: Finish) -> None:
    if inspect.iscoroutine(result):
        finish(result)
