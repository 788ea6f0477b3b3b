"""Puts the workers' `ts` on sys.path, as a worker does, and builds models in temporary directories."""

import asyncio
import itertools
import json
import sys
from pathlib import Path

import pytest

import servescope.worker
from servescope.worker.handler.context import Context, RequestProcessor
from servescope.worker.handler.loader import load_handler
from worker.written import watched

sys.path.insert(0, str(Path(servescope.worker.__file__).parent / "shim"))

_numbers = itertools.count()


def context_of(headers=({},), *, model_dir="/none", manifest=None, config=None, ids=None):
    """A context in the midst of a batch, one request a dict of headers; `written` takes what was measured."""
    metrics, written = watched("m")
    context = Context("m", str(model_dir), manifest or {"model": {}}, 1, None, "9.9", True, metrics, config)
    context.written = written
    context.start_batch(ids or [f"id{n}" for n in range(len(headers))], [RequestProcessor((), one) for one in headers])
    return context


class Model:
    """A model's directory; `load` imports and initialises its handler."""

    def __init__(self, directory):
        self.directory = directory
        self.manifest = {"model": {"modelName": "m", "modelVersion": "1.0"}}
        self.config = {}

    def write(self, name, text):
        """A file of the archive, named uniquely where it is a module; its name comes back."""
        if name.endswith(".py"):
            name = f"{name[:-3]}_{next(_numbers)}.py"
        (self.directory / name).write_text(text)
        return name

    def write_json(self, name, value):
        (self.directory / name).write_text(json.dumps(value))

    def context(self, headers=({},)):
        return context_of(headers, model_dir=self.directory, manifest=self.manifest, config=self.config)

    def load(self, source=None, *, handler=None, function=""):
        """The handler of `source`, or the built-in one named, and its context."""
        name = handler or self.write("handler.py", source)
        context = self.context()
        return load_handler(name + function, self.directory, context, asyncio.run), context


@pytest.fixture
def model(tmp_path, monkeypatch):
    """An empty model directory; what loading does to sys.path is undone."""
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return Model(tmp_path)
