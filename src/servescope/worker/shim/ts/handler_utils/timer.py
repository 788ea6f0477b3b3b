"""`ts.handler_utils.timer`: stage times of a handler, as the gauges `ts_handler_<method>` in ms.

They are written while model-config.yaml says `handler: {profile: true}`.
"""

import functools
import time
from contextvars import ContextVar

_measured: ContextVar[frozenset[str]] = ContextVar("measured", default=frozenset())


def is_profiled(context) -> bool:
    """Whether this model's configuration asks for stage times."""
    section = (getattr(context, "model_yaml_config", None) or {}).get("handler")
    return isinstance(section, dict) and section.get("profile") is True


def measure(context, name, call):
    """`call()`, its duration written under `ts_handler_<name>`; once only, where a stage calls its parent's."""
    outer = _measured.get()
    if name in outer:
        return call()
    token = _measured.set(outer | {name})
    started = time.perf_counter()
    try:
        result = call()
    finally:
        _measured.reset(token)
    context.metrics.add_time(f"ts_handler_{name}", (time.perf_counter() - started) * 1000, None, "ms")
    return result


def timed(func):
    """Decorate a handler's method so that its time is measured when the model is profiled."""

    @functools.wraps(func)
    def wrap_func(self, *args, **kwargs):
        context = getattr(self, "context", None)
        if context is None or not is_profiled(context):
            return func(self, *args, **kwargs)
        return measure(context, func.__name__, lambda: func(self, *args, **kwargs))

    return wrap_func
