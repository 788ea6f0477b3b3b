"""Unit tests of handlers run outside the server, as they do with TorchServe installed."""

HANDLER = """
from ts.torch_handler.base_handler import BaseHandler

class Doubling(BaseHandler):
    pass
"""
UNIT_TEST = """
import torch
from handler import Doubling
from ts.torch_handler.unit_tests.test_utils.mock_context import MockContext
from ts.torch_handler.unit_tests.test_utils.model_dir import copy_files

def test_it(tmp_path):
    torch.jit.script(torch.nn.Linear(2, 1)).save(tmp_path / "saved.pt")
    copy_files(tmp_path, tmp_path, {"saved.pt": "model.pt"})
    context = MockContext(model_dir=str(tmp_path), model_file=None)
    handler = Doubling()
    handler.initialize(context)
    rows = [{"data": [1.0, 2.0]}, {"body": [3.0, 4.0]}]
    assert len(handler.handle(rows, context)) == 2
    (measured,) = context.metrics.store
    assert measured.name == "HandlerTime"
    context.explain = True
    assert not context.get_request_header(0, "explain")
    assert context.get_request_header(1, "explain")
"""


def test_a_handlers_unit_test(outside):
    """It runs by pytest, with TorchServe's own context for unit tests, and needs no server."""
    (outside.directory / "handler.py").write_text(HANDLER)
    (outside.directory / "test_handler.py").write_text(UNIT_TEST)
    result = outside.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_handler.py")
    assert result.returncode == 0, result.stdout
