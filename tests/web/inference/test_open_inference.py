"""The Open Inference Protocol's routes answer as TorchServe's, its misspelling included."""

import pytest

from servescope import __version__
from servescope.web.inference.open_inference import answer_open_inference


def test_server_metadata():
    """With a slash at the end or without."""
    expected = (200, {"name": "Torchserve", "version": __version__, "extenstion": ["kserve", "kubeflow"]})
    assert answer_open_inference("/v2") == answer_open_inference("/v2/") == expected


@pytest.mark.parametrize("word", ["live", "ready"])
def test_health(word):
    """The server that answers is live and ready."""
    assert answer_open_inference(f"/v2/health/{word}") == (200, {word: True})


def test_versions_are_not_supported():
    """501 in TorchServe's words."""
    answer = (501, {"error": "Model versioning is not yet supported."})
    assert answer_open_inference("/v2/models/m/versions/1/infer") == answer


def test_anything_else():
    """404 that names the path."""
    status, body = answer_open_inference("/v2/health/dead")
    assert status == 404
    assert "/v2/health/dead" in body["error"]
