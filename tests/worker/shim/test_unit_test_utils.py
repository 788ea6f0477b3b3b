"""What TorchServe gives unit tests of handlers: a context, and a model's directory."""

import pytest
import yaml
from ts.torch_handler.unit_tests.test_utils.mock_context import MockContext
from ts.torch_handler.unit_tests.test_utils.model_dir import copy_files, download_model


def test_a_context(tmp_path):
    """Its manifest names the files that there are, and its configuration is the archive's."""
    (tmp_path / "model-config.yaml").write_text(yaml.safe_dump({"handler": {"a": 1}}))
    context = MockContext("weights.pt", str(tmp_path), None, None, "n", "model-config.yaml")
    assert context.manifest == {"model": {"serializedFile": "weights.pt"}}
    assert context.system_properties == {"model_dir": str(tmp_path)}
    assert context.model_yaml_config == {"handler": {"a": 1}}
    context.metrics.add_time("Took", 1)
    assert [one.name for one in context.metrics.store] == ["Took"]
    assert MockContext().manifest == {"model": {"serializedFile": "model.pt", "modelFile": "model.py"}}


@pytest.mark.parametrize(("explain", "place", "answer"), [(True, 1, True), (True, 0, False), (False, 1, False)])
def test_its_headers(explain, place, answer):
    """As TorchServe's, they are there for all requests but the first, where explanations are asked for."""
    context = MockContext()
    context.explain = explain
    assert context.get_request_header(place, "explain") is answer


def test_a_models_directory(tmp_path, monkeypatch):
    """Files are copied by name; what is fetched is fetched once."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("from", "to", "again"):
        (tmp_path / name).mkdir()
    (tmp_path / "from" / "weights.pt").write_bytes(b"weights")
    copy_files(tmp_path / "from", tmp_path / "to", {"weights.pt": "w.pt"})
    assert (tmp_path / "to" / "w.pt").read_bytes() == b"weights"
    url = (tmp_path / "from" / "weights.pt").as_uri()
    download_model(url, tmp_path / "to")
    (tmp_path / "from" / "weights.pt").unlink()
    download_model(url, tmp_path / "again")
    assert (tmp_path / "to" / "model.pt").read_bytes() == (tmp_path / "again" / "model.pt").read_bytes() == b"weights"
    assert [one.name for one in (tmp_path / "cache").rglob("*") if one.is_file()] == ["weights.pt"]
