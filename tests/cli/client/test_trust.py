"""Whom the commands trust over https, against a small server whose certificate somebody else has signed."""

import ssl
from http.server import BaseHTTPRequestHandler

import pytest

from certificates import Authority
from http_server import Silent, answering
from servescope.cli.client.connection import NoAnswerError
from servescope.cli.client.endpoints import Endpoints, call, open_client
from servescope.cli.client.trust import UntrustedError, trusting, trusting_only

HOST = "models.example.org"


class Models(Silent, BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")


@pytest.fixture
def authority():
    return Authority()


@pytest.fixture
def served(tmp_path, authority):
    """A server's URL, and the file of its certificate."""
    chain, key = authority.certify(tmp_path, HOST)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    with answering(Models, context) as port:
        yield f"https://127.0.0.1:{port}", chain


def ask(url, trust):
    with open_client(url, None, 5, trust) as client:
        return call(client, "GET", "/models")


def test_the_servers_own(served, tmp_path):
    """Is trusted on the machine itself, though an authority signed it and it is made for another name."""
    url, chain = served
    own = Endpoints(url, None, None, tmp_path, certificate=str(chain))
    assert ask(url, own.trust(None)) == {}


def test_nobody_else(served, authority, tmp_path):
    """Not even another certificate of the same authority."""
    (tmp_path / "other").mkdir()
    other, _ = authority.certify(tmp_path / "other", HOST)
    with pytest.raises(NoAnswerError, match="CERTIFICATE_VERIFY_FAILED"):
        ask(served[0], trusting_only(str(other)))


def test_a_given_certificate(served):
    """Is trusted without its issuer, but only for its names."""
    url, chain = served
    with pytest.raises(NoAnswerError, match="IP address mismatch"):
        ask(url, trusting(str(chain)))
    context = trusting(str(chain))
    context.check_hostname = False
    assert ask(url, context) == {}


def test_words_around_a_certificate(served, tmp_path):
    """In whatever script, as `openssl x509 -text` puts them there: the server's OpenSSL passes over them."""
    url, chain = served
    (tmp_path / "words.pem").write_bytes("Subject: Müller\n".encode() + chain.read_bytes())
    assert ask(url, trusting_only(str(tmp_path / "words.pem"))) == {}


@pytest.mark.parametrize("content", [None, b"no certificate", b"0\x82\x05\xa2 DER \xff", b""])
def test_a_file_that_is_none(tmp_path, content):
    """Is named."""
    path = tmp_path / "odd.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UntrustedError, match=r"--ca-file.*odd\.pem"):
        trusting(str(path))
    with pytest.raises(UntrustedError, match=r"the server's certificate.*odd\.pem"):
        trusting_only(str(path))
