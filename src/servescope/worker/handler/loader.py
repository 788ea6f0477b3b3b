"""A manifest's handler → what a worker calls for each batch. Called once a worker, by `worker.__main__`.

`module[.py][:function]` is imported from the model's directory, else taken from `ts.torch_handler`. A function is
called once as `fn(None, context)`, a class is made and its `initialize(context)` called (TorchServe's ts.model_loader).
Unlike there, an import that fails inside a handler's own file is shown as it is, and classes without `handle` do not
count.
"""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from servescope.errors import InvalidModel
from servescope.worker.handler.context import Context

Entry = Callable[[list[dict[str, Any]], Context], Any]
Finish = Callable[[Coroutine[Any, Any, Any]], Any]

DEFAULT_FUNCTION = "handle"
BUILT_IN = "ts.torch_handler"


@dataclass(frozen=True)
class LoadedHandler:
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
    path = Path(location)
    name = path.name.removesuffix(".py")
    if not name:
        raise InvalidModel(f"handler {handler!r} names no Python module")
    _extend_path(model_dir, (model_dir / path).parent)
    module = _import(name, handler, model_dir)
    entry, raw_bodies = _initialise(module, function or DEFAULT_FUNCTION, handler, context, finish)
    return LoadedHandler(entry, is_async(entry), raw_bodies)


def is_async(entry: Entry) -> bool:
    """Whether a call of `entry` gives a coroutine; a callable object is judged by its `__call__`."""
    call = vars(type(entry)).get("__call__")
    return inspect.iscoroutinefunction(entry) or inspect.iscoroutinefunction(call)


def _extend_path(model_dir: Path, handler_dir: Path) -> None:
    """Make modules beside the handler and in the model's directory importable, before anything else."""
    for directory in (str(model_dir), str(handler_dir)):
        if directory in sys.path:
            sys.path.remove(directory)
        sys.path.insert(0, directory)
    importlib.invalidate_caches()


def _import(name: str, handler: str, model_dir: Path) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # Only the handler's own absence leads on to the built-in ones: what its file fails to import is its own error.
        if error.name != name:
            raise
    built_in = f"{BUILT_IN}.{name}"
    try:
        return importlib.import_module(built_in)
    except ModuleNotFoundError as error:
        if error.name not in (built_in, BUILT_IN, "ts"):
            raise
    raise InvalidModel(f"handler {handler!r}: there is no {name}.py in {model_dir}, and no module {built_in}")


def _initialise(
    module: ModuleType, function: str, handler: str, context: Context, finish: Finish
) -> tuple[Entry, bool]:
    """The callable for batches, after the one call that lets the handler load its model, and if it wants raw bodies."""
    if hasattr(module, function):
        entry: Entry = getattr(module, function)
        if not callable(entry):
            raise InvalidModel(f"handler {handler!r}: {function} in {module.__file__} is {entry!r}, not a function")
        _await(entry(None, context), finish)  # type: ignore[arg-type]
        return entry, False
    instance = _handler_class(module, function, handler)()
    initialize = getattr(instance, "initialize", None)
    if initialize is not None:
        _await(initialize(context), finish)
    # Read only now: `initialize` may have put another callable, such as MicroBatching, in its place.
    found: Entry = instance.handle
    return found, bool(getattr(instance, "raw_bodies", False))


def _handler_class(module: ModuleType, function: str, handler: str) -> type[Any]:
    """The one class that the module itself defines and that has a `handle`."""
    own = [one for _, one in inspect.getmembers(module, inspect.isclass) if one.__module__ == module.__name__]
    able = [one for one in own if callable(getattr(one, DEFAULT_FUNCTION, None))]
    if len(able) == 1:
        return able[0]
    found = ", ".join(one.__name__ for one in able) or "none"
    raise InvalidModel(
        f"handler {handler!r}: Expected only one class in custom service code or a function entry point: "
        f"{module.__file__} defines no function {function!r}, and of classes with a {DEFAULT_FUNCTION} method {found}"
    )


def _await(result: Any, finish: Finish) -> None:
    if inspect.iscoroutine(result):
        finish(result)
