"""OpenAI's paths, and that none of them takes one from TorchServe or KServe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.web.inference.routes import parse_path
from servescope.web.openai.routes import parse_openai
from servescope.web.routes import Kind


@pytest.mark.parametrize("url_path", ["v1/completions", "v1/chat/completions", "v1/embeddings"])
@pytest.mark.parametrize("end", ["", "/", "//"])
def test_what_goes_to_a_model(url_path, end):
    """With the headers of the same path below /predictions, and POST alone."""
    path = parse_openai(f"/{url_path}{end}")
    assert (path.template, path.model, path.asks, path.methods) == (f"/{url_path}", None, True, ("POST",))
    assert path.extra == parse_path(f"/predictions/m/1.0/{url_path}").extra


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/"])
def test_the_list(path):
    """Of all models."""
    found = parse_openai(path)
    assert (found.template, found.model, found.asks, found.methods) == ("/v1/models", None, False, ("GET", "HEAD"))


@pytest.mark.parametrize("name", ["m", "org/model", "/a/folder", "a:b", "v1", "completions", "predict", "é"])
def test_a_card(name):
    """Names are taken as they are, slashes too."""
    found = parse_openai(f"/v1/models/{name}")
    assert (found.template, found.model, found.asks) == ("/v1/models/{model_name}", name, False)


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/completion", "/v1/chat", "/V1/completions", "/v1/completions/x", "/v2"]
)
def test_others(path):
    """Mean nothing here."""
    assert parse_openai(path) is None


@given(st.lists(st.sampled_from(["", "v1", "models", "completions", "chat", "m:predict", "predict"])).map("/".join))
def test_what_torchserve_knows_is_its_own(path):
    """A path that asks a model by itself, as KServe's do, is none that this module is asked about; no path raises."""
    known = parse_openai("/" + path)
    assert known is None or known.asks or known.template.startswith("/v1/models")
    if known is not None and known.asks:
        assert parse_path("/" + path).kind is Kind.UNKNOWN


def test_kserve_comes_first():
    """Its verbs are no part of a name."""
    assert parse_path("/v1/models/m:predict").kind is Kind.PREDICT
    assert parse_path("/v1/completions/predict").model == "v1"
