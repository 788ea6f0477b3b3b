"""Writes answers.json: what TorchServe's own handler classes make of `cases`, run by the Python that has TorchServe.

    python record.py answers.json

It needs torchserve 0.12.0, captum and torchvision. Where torchvision's compiled operators do not fit torch, its transforms,
which are all that the handlers use, are loaded without them.
"""

import importlib
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import sys
import tempfile
import types

import torch
from cases import SUITES
from ts.context import Context, RequestProcessor

SIGNIFICANT = 7


class Metrics:
    """Takes what BaseHandler measures."""

    def add_time(self, *_args):
        """Nothing here asks for it."""


def load_transforms():
    """torchvision.transforms without torchvision's own start."""
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        for name in [name for name in sys.modules if name.startswith("torchvision")]:
            del sys.modules[name]
        spec = importlib.machinery.PathFinder.find_spec("torchvision")
        package = types.ModuleType("torchvision")
        package.__path__ = spec.submodule_search_locations
        package.__version__ = "0.28.0"
        sys.modules["torchvision"] = package
        package.transforms = importlib.import_module("torchvision.transforms")


def rounded(value):
    """What JSON can say of an answer; numbers to as many digits as two machines agree on."""
    if isinstance(value, torch.Tensor):
        return rounded(value.tolist())
    if isinstance(value, dict):
        return {str(key): rounded(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(one) for one in value]
    return float(f"{value:.{SIGNIFICANT}g}") if isinstance(value, float) else value


def load(suite, folder, name):
    """The handler, initialised on an archive's directory; every model has a module name of its own."""
    (folder / f"{name}.py").write_text(suite.model)
    network = importlib.import_module(name).Net()
    torch.save(network.state_dict(), folder / "model.pt")
    if suite.labels is not None:
        (folder / "index_to_name.json").write_text(json.dumps(suite.labels))
    if suite.vocabulary is not None:
        torch.save(suite.vocabulary, folder / "source_vocab.pt")
    manifest = {"model": {"modelName": "m", "modelFile": f"{name}.py", "serializedFile": "model.pt"}}
    context = Context("m", str(folder), manifest, 1, None, "0.12.0", True, Metrics(), {})
    handler = getattr(importlib.import_module(f"ts.torch_handler.{suite.handler}"), suite.kind)()
    handler.initialize(context)
    return handler, context


def answer(handler, context, case):
    """What the handler answers, or the name of what it raises. A text handler's preprocessing beside it."""
    context.request_processor = [RequestProcessor(dict(case.headers)) for _ in case.rows]
    context.request_ids = dict(enumerate("id" for _ in case.rows))
    try:
        said = {"answer": rounded(handler.handle(case.rows, context))}
        if hasattr(handler, "source_vocab"):
            said["preprocessed"] = rounded(handler.preprocess(case.rows))
    except Exception as error:
        return {"error": type(error).__name__}
    return said


def main():
    """All of `SUITES`."""
    os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"  # the vocabulary is no plain dict
    load_transforms()
    recorded = []
    with tempfile.TemporaryDirectory() as root:
        for number, suite in enumerate(SUITES):
            folder = pathlib.Path(root, str(number))
            folder.mkdir()
            sys.path.insert(0, str(folder))
            handler, context = load(suite, folder, f"network_{number}")
            recorded.append({name: answer(handler, context, case) for name, case in suite.cases.items()})
    # A file and not the standard output, to which handlers print.
    pathlib.Path(sys.argv[1]).write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
