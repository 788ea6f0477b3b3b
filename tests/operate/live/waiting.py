"""Waits until a Prometheus has data for many expressions, while the server has some traffic."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from integration.prometheus_server import Prometheus
from integration.server import wait_until

Key = TypeVar("Key")


def wait_for_all(told: Prometheus, expressions: Mapping[Key, str], busy: Callable[[], None]) -> None:
    """Ask on until every expression has had data; else fail, and name those that had none."""
    missing = dict(expressions)

    def all_found() -> bool:
        busy()
        for key in [key for key, text in missing.items() if told.has(text)]:
            del missing[key]
        return not missing

    try:
        wait_until(all_found, "every expression to have data")
    finally:
        print("without data:", *missing.items(), sep="\n")
