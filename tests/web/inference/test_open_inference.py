"""The Open Inference Protocol's routes answer as TorchServe's, its misspelling included."""

import pytest

from servescope import __version__
from servescope.web.inference.open_inference import answer_open_inference


def test_server_metadata():
    """With a slash at the end or without."""
    expected = (200, {"name": "Torchserve", "version": __version__, "extenstion": ["kserve", "kubeflow"]})
    assert answer_open_inference("/v2", ready=False) == answer_open_inference("/v2/", ready=True) == expected


@pytest.mark.parametrize("ready", [True, False])
@pytest.mark.parametrize("path", ["/v2/health/ready", "/v2/health/ready/", "/v2/models/m/ready"])
def test_readiness(path, ready):
    """Of the server or of a model: 200 or 503, and the same word for it."""
    assert answer_open_inference(path, ready=ready) == (200 if ready else 503, {"ready": ready})


def test_live():
    """A server that answers is, ready or not."""
    assert answer_open_inference("/v2/health/live", ready=False) == (200, {"live": True})


def test_versions_are_not_supported():
    """501 in TorchServe's words."""
    answer = (501, {"error": "Model versioning is not yet supported."})
    assert answer_open_inference("/v2/models/m/versions/1/infer", ready=True) == answer


def test_anything_else():
    """404 that names the path."""
    status, body = answer_open_inference("/v2/health/dead", ready=True)
    assert status == 404
    assert "/v2/health/dead" in body["error"]
