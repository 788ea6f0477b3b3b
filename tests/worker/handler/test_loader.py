"""From a manifest's handler to a callable: functions, classes, built-in handlers, and what is wrong with others."""

import asyncio
import subprocess
import sys

import pytest

from servescope.errors import InvalidModel
from servescope.worker.handler.loader import load_handler


def test_a_function_is_called_once_without_data_and_then_with_batches(model):
    """TorchServe's way to let a function load its model."""
    handler, context = model.load("seen = []\ndef handle(data, context):\n    seen.append(data)\n    return seen")
    assert not handler.is_async
    assert handler.entry(["row"], context) == [None, ["row"]]


def test_a_function_may_have_another_name(model):
    """`module:function`."""
    handler, context = model.load("def go(data, context):\n    return ['went']", function=":go")
    assert handler.entry([{}], context) == ["went"]


def test_a_name_that_is_not_there(model, caplog):
    """The one class is served, as by TorchServe, and the log says so."""
    handler, context = model.load("class Mine:\n    def handle(self, data, context): return [1]", function=":Other")
    assert handler.entry([{}], context) == [1]
    (said,) = caplog.messages
    assert said.endswith(":Other': there is no Other in it; its class Mine is served")


def test_a_class_is_made_and_initialised(model):
    """Classes without `handle`, and imported ones, do not count."""
    source = (
        "from fractions import Fraction\nclass Helper: pass\nclass Mine:\n"
        "    def initialize(self, context): self.name = context.model_name\n"
        "    def handle(self, data, context): return [self.name]"
    )
    handler, context = model.load(source)
    assert handler.entry([{}], context) == ["m"]


def test_a_class_needs_no_initialize(model):
    """One that has nothing to load."""
    handler, context = model.load("class Mine:\n    def handle(self, data, context): return [1]")
    assert handler.entry([{}], context) == [1]


def test_what_initialize_puts_in_place_of_handle_is_called(model):
    """As MicroBatching is put in place."""
    source = (
        "class Mine:\n    def initialize(self, context): self.handle = lambda data, context: ['other']\n"
        "    def handle(self, data, context): return ['own']"
    )
    handler, context = model.load(source)
    assert handler.entry([{}], context) == ["other"]


@pytest.mark.parametrize(
    "source",
    [
        "async def handle(data, context):\n    return ['a']",
        "class Mine:\n    async def initialize(self, context): self.out = 'a'\n"
        "    async def handle(self, data, context): return [self.out]",
        "class Call:\n    async def __call__(self, data, context): return ['a']\nhandle = Call()",
    ],
)
def test_async_handlers_are_known_as_such(model, source):
    """Functions, methods and callable objects; an async initialisation is run to its end."""
    handler, context = model.load(source)
    assert handler.is_async
    assert asyncio.run(handler.entry([{}], context)) == ["a"]


def test_of_classes_that_descend_from_each_other_the_last_is_loaded(model):
    """However they are named, and however many there are between."""
    source = (
        "class Base:\n    def handle(self, data, context): return [type(self).__name__]\n"
        "class Z(Base): pass\nclass Mixin: pass\nclass Able(Mixin, Z): pass"
    )
    handler, context = model.load(source)
    assert handler.entry([{}], context) == ["Able"]


def test_a_class_may_be_named(model):
    """`module:Class`: one of several, one that others descend from, or one that the file imports; it is initialised."""
    source = (
        "from string import Formatter\nclass Mine:\n    def initialize(self, context): self.name = context.model_name\n"
        "    def handle(self, data, context): return [self.name]\n"
        "class Other(Mine):\n    async def handle(self, data, context): return ['other']"
    )
    handler, context = model.load(source, function=":Mine")
    assert handler.entry([{}], context) == ["m"]
    other, context = model.load(source, function=":Other")
    assert other.is_async
    with pytest.raises(InvalidModel, match="the class Formatter has no method handle"):
        model.load(source, function=":Formatter")
    beside = model.write("beside.py", source).removesuffix(".py")
    imported, context = model.load(f"from {beside} import Mine", function=":Mine")
    assert imported.entry([{}], context) == ["m"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = 1", ["no function 'handle'", "none"]),
        ("handle = 3", ["is 3", "not a function"]),
        (
            "class A:\n    def handle(self, d, c): pass\nclass B(A): pass\nclass C(A): pass",
            ["Expected only one class", "B, C", ".py:B"],
        ),
    ],
)
def test_a_module_without_one_handler_is_named_with_its_file(model, source, words):
    """The message says which file was read, and what was found in it."""
    name = model.write("wrong.py", source)
    with pytest.raises(InvalidModel) as caught:
        load_handler(name, model.directory, model.context(), asyncio.run)
    assert all(word in str(caught.value) for word in [*words, name, str(model.directory)])


def test_what_an_initialisation_raises_comes_through(model):
    """The session turns it into the reply to `Load`."""
    with pytest.raises(RuntimeError, match="CUDA out of memory"):
        model.load("def handle(data, context):\n    raise RuntimeError('CUDA out of memory')")


def test_what_every_worker_imports_is_light():
    """A worker whose handler needs no torch never loads it, nor numpy, Pillow or yaml."""
    modules = [
        "handler.context", "handler.loader", "envelopes.handing", "requests.headers",
        "measuring.custom_metrics", "measuring.caching_metric",
    ]  # fmt: skip
    code = (
        f"import sys\nfor name in {modules}: __import__('servescope.worker.' + name)\n"
        "print([name for name in ('torch', 'numpy', 'PIL', 'yaml') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
