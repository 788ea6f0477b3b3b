"""Paths of the inference port mean what they mean to TorchServe; hostile ones mean nothing, and never raise."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.web.inference.routes import parse_path
from servescope.web.routes import Kind

NO = ("explain", "False")
YES = ("explain", "True")


def plain(kind, query=False):
    return (kind, "", None, {}, query)


def predict(model, version=None, *extra, query=False):
    return (Kind.PREDICT, model, version, dict(extra), query)


def parsed(path):
    """The route as a tuple."""
    route = parse_path(path)
    return (route.kind, route.model, route.version, dict(route.extra), route.query_fields)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", plain(Kind.ROOT)),
        ("/api-description", plain(Kind.API_DESCRIPTION)),
        ("/ping", plain(Kind.PING)),
        ("/ping/", plain(Kind.PING)),
        ("/predictions/m", predict("m", None, NO, ("url_path", ""))),
        ("/predictions/m/", predict("m", None, NO, ("url_path", ""))),
        ("/predictions/m/1.0", predict("m", "1.0", NO, ("url_path", ""))),
        ("/predictions/m/1.0/v1/chat", predict("m", "1.0", NO, ("url_path", "v1/chat"))),
        ("/predictions/m/1.0//x", predict("m", "1.0", NO, ("url_path", "/x"))),
        ("/predictions/predictions", predict("predictions", None, NO, ("url_path", ""))),
        ("/explanations/m/2.0", predict("m", "2.0", YES, ("url_path", ""))),
        ("/v1/models/m:predict", predict("m", None, NO)),
        ("/v1/models/a:b:explain", predict("a:b", None, YES)),
        ("/v2/models/m/infer", predict("m", None, NO)),
        ("/v2/models/m/explain", predict("m", None, YES)),
        ("/invocations", plain(Kind.INVOCATIONS, query=True)),
        ("/models/m/invoke", predict("m", query=True)),
        ("/m/predict", predict("m", query=True)),
        ("/m/1.0/predict", predict("m", "1.0", query=True)),
        ("/v1/predict", predict("v1", query=True)),
        ("/v2/3.0/predict", predict("v2", "3.0", query=True)),
        ("/v2", plain(Kind.OPEN_INFERENCE)),
        ("/v2/health/live", plain(Kind.OPEN_INFERENCE)),
        ("/v2/models/m/versions/1/infer", plain(Kind.OPEN_INFERENCE)),
    ],
)
def test_routes(path, route):
    """One line a route of the contract."""
    assert parsed(path) == route


@pytest.mark.parametrize(
    "path",
    [
        "/predictions",
        "/predictions/",
        "/predictions//1.0",
        "/explanations",
        "/models/m",
        "/models/m/invoke/x",
        "/v1/models/m",
        "/v1/models/m:other",
        "/v2/models/m",
        "/v2/models/m/predictx",
        "/m/1.0/x/predict",
        "/predict",
        "/pingx",
        "/PING",
        "/favicon.ico",
        "/v3",
    ],
)
def test_no_routes(path):
    """404."""
    assert parsed(path) == plain(Kind.UNKNOWN)


@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            [
                "",
                ".",
                "..",
                "v1",
                "v2",
                "models",
                "predict",
                "predictions",
                ":",
                "m:predict",
                "infer",
                "versions",
                "\0",
                "é",
            ]
        ),
        max_size=8,
    ).map("/".join)
)
def test_any_path(path):
    """Some route, the same each time, and the whole of `explain` and `url_path` is the server's."""
    for text in (path, "/" + path):
        kind, model, version, extra, _ = parsed(text)
        assert parsed(text)[:3] == (kind, model, version)
        assert isinstance(kind, Kind)
        assert set(extra) <= {"explain", "url_path"}
        assert kind is Kind.PREDICT or (model, version, extra) == ("", None, {})


@given(
    model=st.text(min_size=1).filter(lambda text: "/" not in text),
    rest=st.text(max_size=30).map(lambda text: text.rstrip("/")),
)
def test_models_by_any_name(model, rest):
    """Names come through as they are, and so does the path behind the version."""
    route = parse_path(f"/predictions/{model}/1/{rest}")
    assert (route.model, route.version, dict(route.extra)["url_path"]) == (model, "1", rest)


def test_long_paths_are_not_kept():
    """A hostile client must not fill the memory with paths: of a long one nothing stays."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(20):
            parse_path(f"/predictions/m/{number}/" + "x" * 100_000)
        assert tracemalloc.get_traced_memory()[0] - before < 500_000
    finally:
        tracemalloc.stop()
