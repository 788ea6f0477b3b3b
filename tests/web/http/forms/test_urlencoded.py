"""Urlencoded forms are taken apart as Python's own encoder puts them together; what is none is found out."""

import base64
import json
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.web.http.forms.urlencoded import read_urlencoded

NAMES = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=8)


@given(st.dictionaries(NAMES, st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=4))
def test_urlencoded(values):
    """Names and values come out decoded, without a MIME type."""
    body = urllib.parse.urlencode(values).encode()
    assert read_urlencoded(body).fields == {name: ("", text.encode()) for name, text in values.items()}


def test_urlencoded_odds():
    """No value, no name, a sign of equality in the value, the last of a repeated name, bytes that are no text."""
    found = read_urlencoded(b"a&b=&c=1=2&d=1&d=2&e=%ff%00+").fields
    assert found == {"a": ("", b""), "b": ("", b""), "c": ("", b"1=2"), "d": ("", b"2"), "e": ("", b"\xff\x00 ")}


@pytest.mark.parametrize(
    "body",
    [
        b"a=1",
        b"a=",
        b"a=b=c",
        b"a&b=1",
        b"a=1&b",
        b"text=hello world & more",
        b'text={"q": "x"}',
        b"text=<b>x</b>",
        b"a = 1 & b=2",
        b"a=1\r\n",
        b"a=tab\there",
        "straße=groß".encode(),
        b"a%5B%5D=1&a.b-c_d=2",
        b"a[0]=1",
        b"data=%00%ff",
        b"aGVsbG8=",
        b"a_long_name_of_a_field_that_is_empty=",
    ],
)
def test_real_forms(body):
    """Also those that no encoder has written."""
    form = read_urlencoded(body)
    assert form.doubt == ""
    assert form.fields


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1}',
        b'{"a": "b=c"}',
        b'["a=b"]',
        b'"a=b"',
        b' \n {"q": "a&b=c"}',
        b'{"a": "b=c"',
        b"{'a': 'b=c'}",
        b'{"x": "a=1"}\n{"x": "b=2"}',
        b"5",
        b"null",
        b"hello",
        b"\x89PNG\r\n\x1a\n=\x00",
        b"\xff\xd8\xff\xe0=&",
        b"a=\x00",
        b"key = 1\nother = 2\n",
        b'<a b="c">x</a>',
        b"Dear all, x = 1",
        b"=x",
        b"&=&",
        "naïve".encode("latin-1") + b"=1",
        base64.b64encode(bytes(range(100))),
        base64.b64encode(bytes(range(104))),
        base64.urlsafe_b64encode(bytes(range(256))) + b"\n",
        b"data:image/png;base64,iVBORw0KGgo=",
        b"data:text/plain,a=b",
    ],
)
def test_what_says_form_and_is_none(body):
    """No `=`, bytes that no form has, JSON (whole or not), text, base64: there is a doubt, and no field that is rubbish."""
    form = read_urlencoded(body)
    assert form.doubt
    assert form.fields == {}


@given(
    st.recursive(st.text() | st.integers() | st.booleans(), lambda one: st.lists(one) | st.dictionaries(st.text(), one))
)
def test_no_json_is_a_form(value):
    """Whatever stands in it."""
    for text in (json.dumps(value), json.dumps(value, indent=2), json.dumps(value, ensure_ascii=False)):
        assert read_urlencoded(text.encode("utf-8", "replace")).doubt
