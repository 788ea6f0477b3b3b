"""BaseHandler with real models: what it answers is what torch itself gives."""

import json
import logging

import pytest
import torch

from servescope.errors import ServescopeError

NETWORK = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 2)

    def forward(self, x):
        return torch.relu(self.layer(x))
"""

HANDLER = """
from ts.torch_handler.base_handler import BaseHandler

class Mine(BaseHandler):
    def preprocess(self, data):
        return super().preprocess([row["body"] for row in data])
"""

ROWS = [{"body": [1.0, 2.0, 3.0]}, {"body": [-1.0, 0.5, 2.0]}]


def net():
    """A network of the archive's class, with weights of its own."""
    scope = {}
    exec(NETWORK, scope)
    torch.manual_seed(7)
    return scope["Net"]().eval()


def expected(network):
    with torch.inference_mode():
        return network(torch.tensor([row["body"] for row in ROWS])).tolist()


def pack_script(model):
    network = net()
    torch.jit.trace(network, torch.zeros(1, 3)).save(str(model.directory / "model.pt"))
    model.manifest["model"]["serializedFile"] = "model.pt"
    return network


def test_torchscript_answers_as_torch_does(model):
    """A BaseHandler subclass on a TorchScript model; HandlerTime is written with it."""
    network = pack_script(model)
    handler, context = model.load(HANDLER)
    assert handler.entry(ROWS, context) == expected(network)
    (time,) = context.written()
    assert (time.kind, time.name, time.unit, time.values) == ("gauge", "HandlerTime", "Milliseconds", ["m", "Model"])


def test_an_eager_model_answers_as_torch_does(model):
    """The manifest's modelFile defines the class, its serializedFile holds the state dict."""
    network = net()
    torch.save(network.state_dict(), model.directory / "weights.pt")
    model.manifest["model"] |= {"serializedFile": "weights.pt", "modelFile": model.write("network.py", NETWORK)}
    handler, context = model.load(HANDLER)
    assert handler.entry(ROWS, context) == expected(network)


def test_the_base_handler_serves_by_itself(model):
    """A manifest may name it without any code: rows of numbers in, rows of numbers out."""
    network = pack_script(model)
    handler, context = model.load(handler="base_handler")
    assert handler.entry(ROWS, context) == expected(network)


def test_torch_compile_is_used_where_the_configuration_says_so(model, caplog):
    """`pt2: {compile: …}`, which TorchServe's words say; the eager backend needs no compiler."""
    caplog.set_level(logging.INFO)
    network = net()
    torch.save(network.state_dict(), model.directory / "weights.pt")
    model.manifest["model"] |= {"serializedFile": "weights.pt", "modelFile": model.write("network.py", NETWORK)}
    model.config = {"pt2": {"compile": {"enable": True, "backend": "eager"}}}
    handler, context = model.load(HANDLER)
    assert isinstance(handler.entry.__self__.model, torch._dynamo.OptimizedModule)
    assert "Compiled model with backend eager" in [one.getMessage() for one in caplog.records]
    assert handler.entry(ROWS, context) == expected(network)


def test_a_backend_nobody_knows_leaves_the_model_as_it_is(model):
    """With a line in the log, as in TorchServe."""
    pack_script(model)
    model.config = {"pt2": "warp-drive"}
    handler, _ = model.load(HANDLER)
    assert isinstance(handler.entry.__self__.model, torch.jit.ScriptModule)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({}, "no serializedFile and no modelFile"),
        ({"serializedFile": "gone.pt"}, "gone.pt, which the manifest names as serializedFile"),
        ({"modelFile": "gone.py"}, "gone.py in .*, which the manifest names as modelFile"),
    ],
)
def test_a_missing_model_file_is_named(model, entries, words):
    """RuntimeError, which fails the load with 500."""
    model.manifest["model"] |= entries
    with pytest.raises(RuntimeError, match=words) as caught:
        model.load(HANDLER)
    assert not isinstance(caught.value, ServescopeError)


def test_a_model_file_with_two_classes_is_refused(model):
    """Which one is the model cannot be known."""
    model.manifest["model"]["modelFile"] = model.write("two.py", "class A: pass\nclass B: pass")
    with pytest.raises(ValueError, match="found A, B"):
        model.load(HANDLER)


def test_of_a_model_files_classes_the_last_descendant_is_the_model(model):
    """As of a handler file's."""
    pack_script(model)
    torch.save(net().state_dict(), model.directory / "weights.pt")
    source = f"{NETWORK}\nclass Deeper(Net):\n    def forward(self, x):\n        return super().forward(x) + 1\n"
    model.manifest["model"] |= {"modelFile": model.write("model.py", source), "serializedFile": "weights.pt"}
    handler, context = model.load(HANDLER)
    assert handler.entry(ROWS, context) == [[value + 1 for value in row] for row in expected(net())]


def test_describe_and_explain_take_their_own_ways(model):
    """By the headers `describe` and `explain`; the target comes from the row."""
    pack_script(model)
    source = HANDLER + (
        "    def describe_handle(self): return {'made of': 'numbers'}\n"
        "    def get_insights(self, tensor, raw, target): return [[list(tensor.shape), raw, target]]\n"
    )
    handler, _ = model.load(source)
    assert handler.entry(ROWS, model.context([{"describe": "True"}])) == [{"made of": "numbers"}]
    for target in (1, "1", bytearray(b"1")):
        answer = handler.entry([{**ROWS[0], "target": target}], model.context([{"explain": "True"}]))
        assert answer == [[[1, 3], ROWS[0]["body"], 1]]
    plain, _ = model.load(HANDLER)
    with pytest.raises(NotImplementedError, match="Mine has no get_insights"):
        plain.entry(ROWS[:1], model.context([{"explain": "True"}]))


def test_a_profiled_model_writes_each_stage_once(model):
    """Also where a stage is overridden and calls its parent's."""
    pack_script(model)
    model.config = {"handler": {"profile": True}}
    handler, context = model.load(HANDLER)
    handler.entry(ROWS, context)
    names = [update.name for update in context.written()]
    assert names == ["ts_handler_preprocess", "ts_handler_inference", "ts_handler_postprocess", "HandlerTime"]


def test_the_torch_profiler_leaves_a_trace(model, monkeypatch, tmp_path):
    """ENABLE_TORCH_PROFILER writes it to pytorch_profiler/<model> in the temporary directory."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("ENABLE_TORCH_PROFILER", "TRUE")
    network = pack_script(model)
    handler, context = model.load(HANDLER)
    assert handler.entry(ROWS, context) == expected(network)
    (trace,) = (tmp_path / "pytorch_profiler" / "m").iterdir()
    assert json.loads(trace.read_text())["traceEvents"]


def test_micro_batches_give_the_same_answers_in_order(model):
    """Cut in twos and run by several threads."""
    network = pack_script(model)
    source = HANDLER + (
        "    def __init__(self):\n        super().__init__()\n"
        "        from ts.handler_utils.micro_batching import MicroBatching\n"
        "        self.handle = MicroBatching(self, 2, {'preprocess': 2, 'inference': 2})\n"
    )
    handler, context = model.load(source)
    rows = [{"body": [float(n), 1.0, -1.0]} for n in range(7)]
    with torch.inference_mode():
        wanted = network(torch.tensor([row["body"] for row in rows])).tolist()
    answers = handler.entry(rows, context)
    assert torch.allclose(torch.tensor(answers), torch.tensor(wanted))
    assert [update.name for update in context.written()] == ["HandlerTime"]
    with pytest.raises(ValueError, match="str"):
        handler.entry([{"body": "text"}], context)


@pytest.mark.parametrize("pt2", [{"backend": "eager"}, {"compile": {"enable": True, "backend": "eager"}}, "eager"])
def test_a_model_is_compiled_by_either_form_of_options(model, pt2):
    """The options by themselves are TorchServe's older form."""
    network = pack_script(model)
    from ts.torch_handler.model_files import compile_model

    compiled = compile_model(network, pt2)
    assert type(compiled).__name__ == "OptimizedModule"
    assert pt2 in ({"backend": "eager"}, {"compile": {"enable": True, "backend": "eager"}}, "eager")  # left as it was


@pytest.mark.parametrize("pt2", [{}, None, {"export": {"aot_compile": True}}, {"compile": {"enable": False}}])
def test_a_model_is_left_alone_where_nothing_asks_for_compiling(model, pt2):
    """Nor does a section that speaks of something else."""
    from ts.torch_handler.model_files import compile_model

    network = net()
    assert compile_model(network, pt2) is network


def test_options_that_torch_refuses_leave_the_model_as_it_is(model, caplog):
    """TorchServe goes on without, with a warning; a section that is neither text nor options is an error there and here."""
    from ts.torch_handler.model_files import compile_model

    network = net()
    assert compile_model(network, {"mode": "no-such-mode"}) is network
    assert "no-such-mode" in caplog.text
    with pytest.raises(ValueError, match=r"pt2 .* not \[1\]"):
        compile_model(network, [1])


def test_an_onnx_session_answers_to_its_own_methods(model):
    """Handlers ask it for its inputs and outputs as they did in TorchServe."""
    from ts.torch_handler.model_files import OnnxModel

    session = OnnxModel.__new__(OnnxModel)
    assert not hasattr(session, "get_outputs")
    session.session = "a text has methods too"
    assert session.upper() == "A TEXT HAS METHODS TOO"


def test_torchserves_loader_finds_it(model):
    """By its name, as `ts.model_loader` is called without a server; it is initialised."""
    from ts.model_loader import TsModelLoader

    with pytest.raises(RuntimeError, match="Missing the model file"):
        TsModelLoader().load("m", str(model.directory), "base_handler")
