"""Models that are no PyTorch any more, on the libraries that run them: ONNX, and what AOTInductor and inductor compile."""

import base64
import logging
import shutil

import pytest
import torch
from ts.torch_handler.base_handler import BaseHandler
from ts.torch_handler.unit_tests.test_utils.mock_context import MockContext

# y = x * 0.5 + 2, in ONNX, for any number of rows of one.
HALF_PLUS_TWO = (
    "CAk6bwoPCgF4CgFoEgJ5MCIDTXVsCg8KAnkwCgF0EgF5IgNBZGQSAWcqDQgBEAEiBAAAAD9CAWgqDQgBEAEiBAAAAEBCAXRaFAoBeBIPCg0IARIJ"
    "CgMSAWIKAggBYhQKAXkSDwoNCAESCQoDEgFiCgIIAUIECgAQEQ=="
)
ROWS = [{"data": [1.0]}, {"body": [2.0]}, {"body": [4.0]}]
ANSWERS = [[2.5], [3.0], [4.0]]
MODEL = "import torch\n\nclass HalfPlusTwo(torch.nn.Module):\n    def forward(self, x):\n        return x * 0.5 + 2\n"

compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")


class HalfPlusTwo(torch.nn.Module):
    def forward(self, x):
        return x * 0.5 + 2


def loaded(directory, **given):
    context = MockContext(model_dir=str(directory), **given)
    handler = BaseHandler()
    handler.initialize(context)
    return handler, context


def test_onnx(tmp_path):
    """Onnxruntime answers, and to its own methods too, as handlers call them."""
    (tmp_path / "model.onnx").write_bytes(base64.b64decode(HALF_PLUS_TWO))
    handler, context = loaded(tmp_path, model_pt_file="model.onnx", model_file=None)
    assert handler.handle(ROWS, context) == ANSWERS
    (given,) = handler.model.get_inputs()
    (answer,) = handler.model.run(None, {given.name: [[3.0]]})
    assert answer.tolist() == [[3.5]]


def test_a_file_that_is_no_onnx(tmp_path):
    """It is onnxruntime's error, not an answer."""
    (tmp_path / "model.onnx").write_bytes(b"nothing")
    with pytest.raises(Exception, match=r"model\.onnx"):
        loaded(tmp_path, model_pt_file="model.onnx", model_file=None)


@compiler
def test_a_library_that_was_compiled_ahead(tmp_path):
    """What AOTInductor made of a model: batches of any size."""
    batch = {"x": {0: torch.export.Dim("batch", min=1, max=32)}}
    options = {"aot_inductor.output_path": str(tmp_path / "model.so")}
    torch._export.aot_compile(HalfPlusTwo(), (torch.randn(4, 1),), dynamic_shapes=batch, options=options)
    handler, context = loaded(tmp_path, model_pt_file="model.so", model_file=None)
    assert handler.handle(ROWS, context) == ANSWERS
    assert handler.handle(ROWS[:1], context) == ANSWERS[:1]


@compiler
def test_a_model_that_is_compiled_when_it_is_loaded(tmp_path, monkeypatch, caplog):
    """By inductor, which `pt2` names: the log says so in TorchServe's words."""
    caplog.set_level(logging.INFO)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "half_plus_two.py").write_text(MODEL)
    (tmp_path / "pt2.yaml").write_text("pt2:\n  compile: {enable: true, backend: inductor, mode: reduce-overhead}\n")
    given = {"model_pt_file": None, "model_file": "half_plus_two.py", "model_yaml_config_file": "pt2.yaml"}
    handler, context = loaded(tmp_path, **given)
    assert type(handler.model) is torch._dynamo.OptimizedModule
    assert "Compiled model with backend inductor, mode reduce-overhead" in [one.getMessage() for one in caplog.records]
    assert handler.handle(ROWS, context) == ANSWERS
