"""Registries of prometheus_client: those that were made before anybody looked, and those that come later, while they are held.

Each test runs in a process of its own, as the library's class is watched from then on.
"""

import subprocess
import sys

LOOK = """
import gc, sys
import prometheus_client as library
from servescope.worker.measuring.registries import Registries
registries = Registries()
"""


def said(code):
    """What a process writes that runs this."""
    done = subprocess.run([sys.executable, "-c", LOOK + code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_before_and_after():
    """In the order in which they were made, the library's own first; subclasses too."""
    code = """
class Own(library.CollectorRegistry):
    pass
before = [library.CollectorRegistry(), Own(support_collectors_without_names=True)]
assert registries.of(library) == [library.REGISTRY, *before]
after = [Own(), library.CollectorRegistry(auto_describe=True)]
assert registries.of(library) == [library.REGISTRY, *before, *after]
library.Counter("c", "C", registry=after[1]).inc()
print(after[1].get_sample_value("c_total"))
"""
    assert said(code) == ["1.0"]


def test_one_that_is_given_up_goes():
    """Nothing here keeps it."""
    code = """
library.CollectorRegistry()
registries.of(library)
made = library.CollectorRegistry()
print(len(registries.of(library)))
del made
gc.collect()
print(len(registries.of(library)), len(registries._private))
"""
    assert said(code) == ["2", "1", "1"]


def test_without_the_library():
    """Or with half of it, as while it is imported; what is found then is watched later."""
    code = """
import types
assert registries.of(None) == registries.of(types.ModuleType("half")) == []
assert registries.of(library) == [library.REGISTRY]
made = library.CollectorRegistry()
print(len(registries.of(library)))
"""
    assert said(code) == ["2"]


def test_no_code_of_a_handler_is_run():
    """Whatever an object says that it is."""
    code = """
class Proxy:
    @property
    def __class__(self):
        sys.exit(1)
proxy = Proxy()
print(len(registries.of(library)))
"""
    assert said(code) == ["1"]
