"""Paths of the inference port mean what they mean to TorchServe; hostile ones mean nothing, and never raise."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.web.inference.routes import parse_path
from servescope.web.routes import Call, Kind

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
        ("/invocations", plain(Kind.INVOCATIONS, query=True)),
        ("/models/m/invoke", predict("m", query=True)),
        ("/m/predict", predict("m", query=True)),
        ("/m/1.0/predict", predict("m", "1.0", query=True)),
        ("/v1/predict", predict("v1", query=True)),
        ("/v2/3.0/predict", predict("v2", "3.0", query=True)),
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
        "/v2/health",
        "/v2/health/dead",
        "/v2/models",
        "/v2/models//infer",
        "/v2/models/m/predictx",
        "/v2/models/m/infer/x",
        "/v2/repository/index",
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


@pytest.mark.parametrize(
    ("path", "template", "model", "version", "call"),
    [
        ("/v2", "/v2", "", None, Call.METADATA),
        ("/v2/health/live", "/v2/health/live", "", None, Call.LIVE),
        ("/v2/health/ready/", "/v2/health/ready", "", None, Call.READY),
        ("/v2/models/m", "/v2/models/{model_name}", "m", None, Call.METADATA),
        ("/v2/models/m/ready", "/v2/models/{model_name}/ready", "m", None, Call.READY),
        ("/v2/models/versions/infer", "/v2/models/{model_name}/infer", "versions", None, Call.INFER),
        ("/v2/models/m/versions/1.0", "/v2/models/{model_name}/versions/{version}", "m", "1.0", Call.METADATA),
        ("/v2/models/m/versions/1/ready", "/v2/models/{model_name}/versions/{version}/ready", "m", "1", Call.READY),
        ("/v2/models/m/versions/1/infer", "/v2/models/{model_name}/versions/{version}/infer", "m", "1", Call.INFER),
        ("/v2/models/m/versions", "/v2/models/{model_name}/versions", "m", None, Call.OTHER),
        ("/v2/models/m/versions/1/x/y", "/v2/models/{model_name}/versions", "m", "1", Call.OTHER),
    ],
)
def test_v2_routes(path, template, model, version, call):
    """Of the server, of a model, of a version of it."""
    route = parse_path(path)
    assert (route.kind, route.template, route.model, route.version, route.call) == (
        Kind.V2,
        template,
        model,
        version,
        call,
    )


@pytest.mark.parametrize(("verb", "asks", "explain"), [("infer", "predict", "False"), ("explain", "explain", "True")])
def test_v2_inference(verb, asks, explain):
    """What the handler is told, and what it counts as."""
    for path in (f"/v2/models/m/{verb}", f"/v2/models/m/versions/2/{verb}"):
        route = parse_path(path)
        assert (route.call, route.asks, dict(route.extra)) == (Call.INFER, asks, {"explain": explain})


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
                "ready",
                "v2",
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
        assert kind in (Kind.PREDICT, Kind.V2) or (model, version, extra) == ("", None, {})


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
