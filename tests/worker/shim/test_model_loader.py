"""`ts.model_loader`, `ts.service` and `ts.model_service`: a handler that is called without a server."""

import json

import pytest
from ts.model_loader import ModelLoader, ModelLoaderFactory
from ts.model_service.model_service import ModelService, SingleNodeService

from worker.conftest import context_of

HANDLER = """
class Handler:
    def initialize(self, context):
        self.told = context.system_properties

    def handle(self, data, context):
        return [[row.get("body"), self.told["batch_size"], context.model_name] for row in data]
"""


@pytest.fixture
def load(model):
    """Load a handler's source, as the manifest names it, by TorchServe's loader."""

    def call(source, **more):
        name = model.write("handler.py", source)
        (model.directory / "MAR-INF").mkdir(exist_ok=True)
        model.write_json("MAR-INF/MANIFEST.json", {"model": {"modelName": "m", "handler": name}})
        loader = ModelLoaderFactory.get_model_loader()
        assert isinstance(loader, ModelLoader)
        return loader.load("m", str(model.directory), batch_size=4, **more)

    return call


def test_a_class_and_its_service(load):
    """It is initialised with its context, and answers."""
    service = load(HANDLER)
    assert service._entry_point([{"body": 1}], service.context) == [[1, 4, "m"]]
    assert service.context.manifest["model"]["modelName"] == "m"


def test_an_envelope(load):
    """By its name, around the handler."""
    service = load(HANDLER, envelope="json")
    (answer,) = service._entry_point([{"body": {"instances": [{"body": 7}]}}], service.context)
    assert json.loads(answer)["predictions"] == [[7, 4, "m"]]


def test_no_such_handler(model):
    """What is neither in the model's files nor one of TorchServe's is an error that names it."""
    with pytest.raises(ValueError, match="nosuchhandler"):
        ModelLoaderFactory.get_model_loader().load("m", str(model.directory), "nosuchhandler")


def test_two_classes(load):
    """One too many is TorchServe's error."""
    with pytest.raises(ValueError, match="Expected only one class in custom service code or a function entry point"):
        load(HANDLER + HANDLER.replace("Handler", "Other"))


class Adding(SingleNodeService):
    def _preprocess(self, data):
        return [one + 1 for one in data]

    def _inference(self, data):
        return [one * 10 for one in data]

    def _postprocess(self, data):
        return data[0]


@pytest.fixture
def signed(tmp_path):
    """A service with a signature, and the context that it had."""
    signature = {"input_type": "application/json", "inputs": [{"data_name": "number"}]}
    (tmp_path / "signature.json").write_text(json.dumps(signature))
    context = context_of(model_dir=tmp_path, manifest={"Model": {"Signature": "signature.json"}})
    service = Adding("m", str(tmp_path), {})
    service.initialize(context)
    return service, context


@pytest.mark.parametrize("row", [{"number": 4}, {"body": b"4"}, {"data": bytearray(b"4")}, {"number": None, "body": 4}])
def test_a_service_with_a_signature(signed, row):
    """Its steps run on the field that the signature names, else body, else data; the answer is a list."""
    service, context = signed
    assert service.signature()["input_type"] == "application/json"
    assert service.handle([row], context) == [50]


def test_a_service_without_its_parts(tmp_path):
    """No signature, and no inference: each is named."""
    service = ModelService("m", str(tmp_path), {})
    with pytest.raises(ValueError, match=r"Signature file is not found: .*nowhere\.json"):
        service.initialize(context_of(model_dir=tmp_path, manifest={"Model": {"Signature": "nowhere.json"}}))
    with pytest.raises(NotImplementedError, match="ModelService has no inference"):
        service.inference([1])
    with pytest.raises(NotImplementedError, match="ModelService has no ping"):
        service.ping()
