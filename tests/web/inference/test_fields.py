"""What is told of bodies that clients most likely did not mean: once a model, and no more."""

import logging

import pytest

from servescope.web.http.request import Request
from servescope.web.inference.fields import fields_of, model_named_in_form
from servescope.web.routes import Kind, Route
from servescope.wire.messages import Field
from serving.parts import model_of
from web.port import run

URLENCODED = b"application/x-www-form-urlencoded"
PLAIN = Route(Kind.PREDICT, "/predictions/{model_name}", "m")
QUERY = Route(Kind.PREDICT, "/invocations", "m", query_fields=True)


def asked(model, body, content_type=URLENCODED, route=PLAIN, query=b""):
    """The fields of a request, by name."""
    request = Request(query=query, content_type=content_type, body=[body] if body else [])
    fields, _ = fields_of(request, content_type.partition(b";")[0], route, model)
    return {field.name: field for field in fields}


def with_model(act):
    """A model needs a loop."""

    async def main():
        model = model_of("m")
        try:
            act(model)
        finally:
            await model.pool.close(1.0)

    run(main())


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b'{"text":"hi"}', URLENCODED), (b"\x89PNG=\x00", URLENCODED), (b"anything", b"multipart/form-data")],
)
def test_no_form(caplog, body, content_type):
    """The body, under its own type; one warning that says what to do."""

    def act(model):
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                assert asked(model, body, content_type) == {"body": Field("body", content_type.decode(), body)}
        (record,) = caplog.records
        text = record.getMessage()
        assert "Model m version 1.0" in text
        assert "-H 'Content-Type: application/json'" in text
        assert content_type.decode() in text

    with_model(act)


def test_no_form_beside_a_query():
    """Both reach the handler."""
    with_model(lambda model: _beside(model))


def _beside(model):
    fields = asked(model, b'{"a": 1}', route=QUERY, query=b"x=1&y=")
    assert {name: field.data for name, field in fields.items()} == {"x": b"1", "y": b"", "body": b'{"a": 1}'}


@pytest.mark.parametrize(
    ("body", "route", "query", "name"),
    [(b"a=1&b=2&a=3", PLAIN, b"", "'a'"), (b"a=1", QUERY, b"q=1&q=2", "'q'"), (b"x", QUERY, b"q=1&q=2", "'q'")],
)
def test_repeated_fields(caplog, body, route, query, name):
    """The last counts; one warning names them."""

    def act(model):
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                fields = asked(model, body, URLENCODED if b"=" in body else b"text/plain", route, query)
            assert fields["a" if name == "'a'" else "q"].data == (b"3" if name == "'a'" else b"2")
        (record,) = caplog.records
        assert f"more than once: {name}." in record.getMessage()

    with_model(act)


def test_a_real_form_says_nothing(caplog):
    """Nor does any other body."""

    def act(model):
        assert set(asked(model, b"a=1&b=2")) == {"a", "b"}
        assert set(asked(model, b"")) == set()
        assert set(asked(model, b'{"a": 1}', b"application/json")) == {"body"}
        assert caplog.records == []

    with_model(act)


def test_each_model_is_told_of(caplog):
    """One does not speak for another."""

    async def main():
        first, second = model_of("m"), model_of("n")
        for model in (first, second, first):
            asked(model, b"{}")
        for model in (first, second):
            await model.pool.close(1.0)

    run(main())
    assert len(caplog.records) == 2


def test_a_models_name_in_a_form():
    """None in what is none."""
    named = [
        model_named_in_form(Request(content_type=kind, body=[body]))
        for kind, body in [
            (URLENCODED, b"model_name=m"),
            (URLENCODED, b'{"model_name": "m"}'),
            (b"text/plain", b"model_name=m"),
        ]
    ]
    assert named == ["m", "", None]
