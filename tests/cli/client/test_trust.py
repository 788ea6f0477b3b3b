"""Whom the commands trust over https, against a small server whose certificate somebody else has signed."""

import datetime
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from servescope.cli.client.connection import NoAnswerError
from servescope.cli.client.endpoints import Endpoints, call, open_client
from servescope.cli.client.trust import UntrustedError, trusting, trusting_only

NOW = datetime.datetime.now(datetime.UTC)


class Authority:
    """Signs certificates for models.example.org."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "an authority")])
        self.certificate = self.sign(self.name, self.key, x509.BasicConstraints(ca=True, path_length=None))

    def sign(self, name, key, extension):
        builder = x509.CertificateBuilder(self.name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(NOW - datetime.timedelta(1)).not_valid_after(NOW + datetime.timedelta(1))
        return builder.add_extension(extension, critical=False).sign(self.key, hashes.SHA256())

    def certify(self, directory):
        """The files of a certificate with its issuer's behind it, and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "models.example.org")])
        own = self.sign(name, key, x509.SubjectAlternativeName([x509.DNSName("models.example.org")]))
        chain, secret = directory / "chain.pem", directory / "key.pem"
        chain.write_bytes(pem(own) + pem(self.certificate))
        form = serialization.PrivateFormat.PKCS8
        secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
        return chain, secret


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


class Models(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        """Silent."""


@pytest.fixture
def authority():
    return Authority()


@pytest.fixture
def served(tmp_path, authority):
    """A server's URL, and the file of its certificate."""
    chain, key = authority.certify(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    with HTTPServer(("127.0.0.1", 0), Models) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}", chain
        server.shutdown()
        thread.join()


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
    other, _ = authority.certify(tmp_path / "other")
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


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_that_is_none(tmp_path, content):
    """Is named."""
    path = tmp_path / "odd.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UntrustedError, match=r"--ca-file.*odd\.pem"):
        trusting(str(path))
    with pytest.raises(UntrustedError, match=r"the server's certificate.*odd\.pem"):
        trusting_only(str(path))
