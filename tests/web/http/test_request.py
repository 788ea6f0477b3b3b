"""What a request's head says: the target taken apart, headers found whatever their case, and little that stays in memory."""

import tracemalloc

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.web.http.connections.reader import RequestReader
from servescope.web.http.request import split_target


def ask(head):
    """The request that these lines are."""
    (request,) = RequestReader(1000).feed(head.encode("latin-1") + b"\r\n\r\n")
    return request


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/a?b=c#d", "/a", b"b=c"),
        (b"/a#b?c", "/a", b""),
        (b"/%C3%A4%zz%00", "/\xe4%zz\0", b""),
        (b"//host/a", "//host/a", b""),
        (b"*", "*", b""),
        (b"http://h:80/a%20b?c#d", "/a b", b"c"),
        (b"http://h", "/", b""),
        (b"http://h?q", "/", b"q"),
    ],
)
def test_targets(target, path, query):
    """Paths, a proxy's absolute form, and the star."""
    assert split_target(target) == (path, query)


@given(st.binary(max_size=40))
def test_any_target(target):
    """Is taken apart, or is no URL."""
    try:
        path, query = split_target(target)
    except httptools.HttpParserInvalidURLError:
        return
    assert isinstance(path, str)
    assert isinstance(query, bytes)


def test_parameters_of_a_query():
    """Decoded, in their order; of a repeated one the first counts, as in TorchServe."""
    request = ask("GET /models?limit=1&b=%20&limit=2&c HTTP/1.1")
    assert list(request.parameters().items()) == [("limit", "1"), ("b", " "), ("c", "")]
    assert ("limit", "2") in request.query_pairs()


@pytest.mark.parametrize("name", ["content-type", "Content-Type", "CONTENT-TYPE", "cOntent-tYpe"])
def test_headers_in_any_case(name):
    """Are found; of a repeated one the last counts, without the space around it."""
    request = ask(f"GET / HTTP/1.1\r\n{name}: a/b\r\n{name}: c/d \r\nX-REQUEST-ID: me")
    assert request.content_type.strip() == b"c/d"
    assert request.request_id == b"me"
    assert request.header(b"content-type") == "c/d"
    assert request.header(b"content-typ") is None


@pytest.mark.parametrize(
    ("version", "said", "goes_on"),
    [
        ("1.1", "", True),
        ("1.1", "keep-alive", True),
        ("1.1", "foo, CLOSE", False),
        ("1.1", "close\r\nconnection: keep-alive", False),
        ("1.0", "", False),
        ("1.0", "Keep-Alive", True),
        ("2.0", "", False),
    ],
)
def test_who_wants_the_connection_kept(version, said, goes_on):
    """As HTTP's versions have it; the version is the client's own, in either case."""
    request = ask(f"GET / HTTP/{version}" + (f"\r\nConnection: {said}" if said else ""))
    assert (request.version, request.keep_alive) == (version, goes_on)


def test_methods():
    """Any that there is."""
    for method in ("GET", "PUT", "OPTIONS", "PURGE"):
        assert ask(f"{method} / HTTP/1.1").method == method


def test_long_targets_are_not_remembered():
    """What a client sends is gone with its request: thousands of long paths would fill the memory."""
    heads = [b"GET /%d%b HTTP/1.1\r\n\r\n" % (number, b"x" * 100_000) for number in range(20)]
    reader = RequestReader(1000)
    tracemalloc.start()
    for head in heads:
        assert len(reader.feed(head)) == 1
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 500_000
