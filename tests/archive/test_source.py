"""A URL leads to a file in the model store, a directory, or a copy that is made; everything else has its error."""

import logging
import re
from http.server import BaseHTTPRequestHandler

import pytest

from http_server import Silent, answering
from servescope.archive.source import ArchiveSource, Fetched, list_store
from servescope.errors import ConfigurationError, DownloadFailed, ModelNotFound, UrlRefused

ANY = [re.compile("file://.*|http(s)?://.*", re.IGNORECASE)]
BODY = bytes(range(256)) * 9000


class Remote(Silent, BaseHTTPRequestHandler):
    """A server of one archive, and of answers that go wrong."""

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/hop.mar":
            self._answer(302, Location="/m.mar")
        elif path == "/elsewhere.mar":
            self._answer(302, Location=f"http://localhost:{self.server.server_port}/m.mar")
        elif path == "/away.mar":
            self._answer(302, Location="http://bob:secret@localhost/m.mar?secret=1")
        elif path == "/round.mar":
            self._answer(302, Location="/round.mar")
        elif path == "/cut.mar":
            self._answer(200, **{"Content-Length": str(len(BODY) + 1)})
            self.wfile.write(BODY)
        elif path == "/endless.mar":
            self._answer(200)
            self.wfile.write(BODY)
        elif path == "/m.mar":
            encoded = {"Content-Encoding": "gzip"} if "encoded" in self.path else {}
            self._answer(200, **{"Content-Length": str(len(BODY)), **encoded})
            self.wfile.write(BODY)
        else:
            self._answer(404, **{"Content-Length": "0"})

    def _answer(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


@pytest.fixture(scope="module")
def remote():
    with answering(Remote) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def store(tmp_path, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    store = tmp_path / "store"
    store.mkdir()
    return store


def names(store):
    return sorted(path.name for path in store.iterdir())


def fails(store, url, error, message, allowed=ANY):
    """Fetch, and check the error's whole text and that the store is as it was."""
    before = names(store)
    with pytest.raises(error) as caught:
        ArchiveSource(store, allowed).fetch(url)
    assert str(caught.value) == message
    assert names(store) == before


@pytest.mark.parametrize("url", ["m.mar", "/anywhere/m.mar", "sub/m.mar", "{store}/absent/m.mar", "{store}/m.mar"])
def test_store(store, url):
    """Of a path that does not exist, only the last component counts, and no pattern need match."""
    (store / "m.mar").touch()
    found = ArchiveSource(store, []).fetch(url.replace("{store}", str(store)))
    assert found == Fetched(store / "m.mar", downloaded=False)


@pytest.fixture
def three(store, tmp_path, monkeypatch):
    """One name three times: in the store, in a folder of it, and elsewhere, seen from the working directory."""
    monkeypatch.chdir(tmp_path)
    found = {"store": store / "m.mar", "sub": store / "sub/m.mar", "other": tmp_path / "other/m.mar"}
    for name, path in found.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    return found


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("m.mar", "store"),
        ("./m.mar", "store"),
        ("sub/m.mar", "sub"),
        ("{store}/sub/m.mar", "sub"),
        ("absent/m.mar", "store"),
        ("other/m.mar", "other"),
        ("{here}/other/m.mar", "other"),
        ("{here}/other//m.mar", "other"),
        ("{here}/link.mar", "other"),
        ("{here}/store-by-link/m.mar", "store"),
        ("{here}/store-by-link/sub/m.mar", "sub"),
    ],
)
def test_what_is_named_is_served(three, store, tmp_path, url, named):
    """A path that exists is that file, in the store's folders or elsewhere, and never another of its name."""
    (tmp_path / "link.mar").symlink_to("other/m.mar")
    (tmp_path / "store-by-link").symlink_to(store)
    found = ArchiveSource(store, ANY).fetch(url.replace("{store}", str(store)).replace("{here}", str(tmp_path)))
    assert (found.path.read_text(), found.downloaded) == (named, False)


def test_paths_elsewhere_need_a_pattern(three, store, tmp_path):
    """As their file:// form does, files and directories; those into the store do not, by whatever way."""
    (tmp_path / "store-by-link").symlink_to(store)
    elsewhere = three["other"]
    only_http = [re.compile("https?://.*")]
    for url in ("other/m.mar", str(elsewhere), "other"):
        with pytest.raises(UrlRefused, match=re.escape(f"file://{tmp_path / url} matches no allowed URL(s)")):
            ArchiveSource(store, only_http).fetch(url)
    for url in ("sub/m.mar", str(three["sub"]), str(tmp_path / "store-by-link/sub/m.mar"), "absent/m.mar"):
        assert ArchiveSource(store, only_http).fetch(url).path.exists()
    assert ArchiveSource(store, [re.compile(f"file://{elsewhere}")]).fetch(str(elsewhere)).path == elsewhere


@pytest.mark.parametrize("url", ["ftp://host/m.mar", "s3://KEY:SECRET@bucket/m.mar", "gs://bucket/m.mar", "M://m.mar"])
def test_other_schemes(store, url):
    """What cannot be downloaded is refused, and not exchanged for the store's file of that name."""
    (store / "m.mar").touch()
    scheme = url.partition("://")[0]
    with pytest.raises(
        UrlRefused, match=rf"^Model not found at: {scheme}://\w*/?m\.mar \({scheme}:// is not supported"
    ):
        ArchiveSource(store, ANY).fetch(url)


def test_a_file_url_into_the_store(three, store):
    """It is used where it is, like a path, and not copied beside itself."""
    for name in ("store", "sub"):
        assert ArchiveSource(store, ANY).fetch(three[name].as_uri()) == Fetched(three[name], downloaded=False)
    assert names(store) == ["m.mar", "sub"]
    assert ArchiveSource(store, ANY).fetch(three["other"].as_uri()).path.read_text() == "other"


def test_directories(store, tmp_path, monkeypatch):
    """A directory is found in the store, by its absolute path, and from the working directory."""
    (store / "d").mkdir()
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path)
    source = ArchiveSource(store, ANY)
    assert source.fetch("d").path == store / "d"
    assert source.fetch("d/").path == store / "d"
    assert source.fetch(str(tmp_path / "there")).path == tmp_path / "there"
    assert source.fetch("there").path.resolve() == tmp_path / "there"
    strict = ArchiveSource(store, [re.compile("file:///elsewhere/.*")])
    assert strict.fetch(str(store / "d")).path == store / "d"
    with pytest.raises(
        UrlRefused, match=r"there is not in the model store, and file:///.*there matches no allowed URL"
    ):
        strict.fetch(str(tmp_path / "there"))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "empty url"),
        ("../absent.mar", "Relative path is not allowed in url: ../absent.mar"),
        ("http://bob:pw@h/../m.mar?x=1", "Relative path is not allowed in url: http://h/../m.mar"),
        ("http://h/%2e%2e/m.mar", "Relative path is not allowed in url: http://h/%2e%2e/m.mar"),
        ("absent.mar", "Model not found at: absent.mar"),
        ("a\x00b", "Model not found at: a\x00b"),
        ("n" * 300, "Model not found at: " + "n" * 300),
    ],
)
def test_absent(store, url, message, tmp_path, monkeypatch):
    """Each URL that leads nowhere has TorchServe's words."""
    monkeypatch.chdir(tmp_path)
    fails(store, url, ModelNotFound, message)


def test_no_store():
    """Without a model store, names and downloads fail in the usual words."""
    with pytest.raises(ModelNotFound, match=r"^Model not found at: m\.mar$"):
        ArchiveSource(None, ANY).fetch("m.mar")
    with pytest.raises(DownloadFailed, match=r"^Failed to download archive from: file:///m\.mar$"):
        ArchiveSource(None, ANY).fetch("file:///m.mar")


def test_allowed_urls(store, tmp_path):
    """A URL that no pattern matches in full is refused; names in the store need no pattern."""
    outside = tmp_path / "m.mar"
    outside.write_bytes(BODY)
    url = outside.as_uri()
    message = f"Given URL {url} does not match any allowed URL(s)"
    for allowed in ([], [re.compile("file://")], [re.compile("https://.*")]):
        fails(store, url, ModelNotFound, message, allowed)
    (store / "s.mar").touch()
    assert ArchiveSource(store, []).fetch("s.mar").path == store / "s.mar"
    assert ArchiveSource(store, [re.compile("x"), re.compile("file://.*")]).fetch(url).downloaded


def test_file_url(store, tmp_path):
    """A file:// URL is copied into the store, percent signs decoded in the source and not in the copy's name."""
    outside = tmp_path / "my model.mar"
    outside.write_bytes(BODY)
    seen = []
    fetched = ArchiveSource(store, ANY).fetch(outside.as_uri(), lambda done, total: seen.append((done, total)))
    assert fetched == Fetched(store / "my%20model.mar", downloaded=True)
    assert fetched.path.read_bytes() == BODY
    assert seen[-1] == (len(BODY), len(BODY))
    assert len(seen) > 1
    assert list_store(store) == ["my%20model.mar"]


@pytest.mark.parametrize(
    "url",
    ["file:///absent/m.mar", "file:///dev/zero", "file:///", "file://host/m.mar", "file:///a%00b", "http://[::1/m.mar"],
)
def test_bad_urls(store, url):
    """What is no regular file, another host's, or no URL is a failed download."""
    fails(store, url, DownloadFailed, f"Failed to download archive from: {url}")


def test_http(store, remote):
    """An http:// URL is downloaded whole, with progress; the query is no part of the name."""
    seen = []
    url = f"{remote}/m.mar?signature=1/2"
    fetched = ArchiveSource(store, ANY).fetch(url, lambda done, total: seen.append((done, total)))
    assert fetched == Fetched(store / "m.mar", downloaded=True)
    assert fetched.path.read_bytes() == BODY
    assert seen[-1] == (len(BODY), len(BODY))
    assert list_store(store) == ["m.mar"]


def test_http_without_length(store, remote):
    """Without Content-Length, progress has no total."""
    seen = []
    ArchiveSource(store, ANY).fetch(f"{remote}/endless.mar", lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(BODY), None)


def test_http_keeps_bytes(store, remote):
    """A Content-Encoding that a server puts on archives does not get them decoded."""
    assert ArchiveSource(store, ANY).fetch(f"{remote}/m.mar?encoded").path.read_bytes() == BODY


@pytest.mark.parametrize("path", ["absent.mar", "cut.mar", "round.mar", ""])
def test_http_failures(store, remote, path):
    """An error status, a body cut short, redirects without end and a URL without a name leave nothing behind."""
    fails(store, f"{remote}/{path}", DownloadFailed, f"Failed to download archive from: {remote}/{path}")


def test_no_server(store, remote):
    """A refused connection is a failed download, whose cause the log has without the secrets of the query."""
    with answering(Remote) as port:
        url = f"http://127.0.0.1:{port}/m.mar"
    fails(store, f"{url}?secret", DownloadFailed, f"Failed to download archive from: {url}")


@pytest.mark.parametrize(
    ("user", "path", "why"),
    [
        ("", "absent.mar?secret=1", "the server answered 404"),
        ("bob:secret@", "absent.mar", "the server answered 404"),
        ("", "away.mar", "redirected to http://localhost/m.mar, which allowed_urls does not match"),
        ("bob:se/cret@", "m.mar?secret", "it is no URL"),
        ("bob:secret\u2100@", "m.mar", "it is no URL"),
    ],
)
def test_nothing_secret_is_told(store, remote, caplog, user, path, why):
    """Log, answer and cause say why a download failed, without password and query, also where those make no URL."""
    url = f"http://{user}{remote.removeprefix('http://')}/{path}"
    with caplog.at_level(logging.DEBUG, "servescope"), pytest.raises(DownloadFailed) as caught:
        ArchiveSource(store, [re.compile(r"http://.*127\..*")]).fetch(url)
    assert why in caplog.text
    assert why in str(caught.value.__cause__)
    assert str(caught.value).endswith(f"{remote}/{path.partition('?')[0]}")
    for text in (caplog.text, str(caught.value), str(caught.value.__cause__)):
        assert "secret" not in text
        assert "bob" not in text


def test_redirects(store, remote):
    """A redirect is followed, and the copy has the name that was asked for."""
    assert ArchiveSource(store, ANY).fetch(f"{remote}/hop.mar").path.read_bytes() == BODY
    assert list_store(store) == ["hop.mar"]


def test_redirect_out_of_the_allowed(store, remote):
    """A redirect to where allowed_urls does not reach is not followed."""
    url = f"{remote}/elsewhere.mar"
    fails(store, url, DownloadFailed, f"Failed to download archive from: {url}", [re.compile(r"http://127\..*")])
    assert ArchiveSource(store, ANY).fetch(url).path.read_bytes() == BODY


def test_exists(store, remote, tmp_path):
    """A remote archive never replaces a file of the store, not even a dangling link, and is found beside it, by its own name."""
    (store / "m.mar").write_text("mine")
    (store / "hop.mar").symlink_to("nowhere")
    for name in ("m.mar", "hop.mar"):
        fetched = ArchiveSource(store, ANY).fetch(f"{remote}/{name}")
        assert (fetched.path.name, fetched.path.read_bytes(), fetched.downloaded) == (name, BODY, True)
    assert (store / "m.mar").read_text() == "mine"
    assert list_store(store) == ["hop.mar", "m.mar"]
    (tmp_path / "m.mar").write_text("a third")
    assert ArchiveSource(store, ANY).fetch((tmp_path / "m.mar").as_uri()).path.read_text() == "a third"


def test_exists_in_the_meantime(store, remote):
    """A file that appears during the download is not replaced either, nor is the download lost."""

    def progress(done, total):
        (store / "m.mar").write_text("mine")

    fetched = ArchiveSource(store, ANY).fetch(f"{remote}/m.mar", progress)
    assert (store / "m.mar").read_text() == "mine"
    assert fetched.path.read_bytes() == BODY


def test_unfinished_downloads_are_hidden(store, remote):
    """What is still being downloaded is not listed."""
    listed = []
    ArchiveSource(store, ANY).fetch(f"{remote}/m.mar", lambda done, total: listed.append(list_store(store)))
    assert listed[0] == []
    assert list_store(store) == ["m.mar"]


def test_list_store(store):
    """load_models=all means archives and directories that are not hidden, by name."""
    for name in ("b.mar", "a.model", "c.tar.gz", "notes.txt", ".h.mar", "x.MAR", "d.war"):
        (store / name).touch()
    for name in ("dir", ".git"):
        (store / name).mkdir()
    assert list_store(store) == ["a.model", "b.mar", "c.tar.gz", "dir"]
    with pytest.raises(ConfigurationError, match=r"model_store .*absent: No such file"):
        list_store(store / "absent")
