"""Certificates that are in no PEM file: out of keystores, and made up."""

import base64
import ssl
import sys

import jks
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import given
from hypothesis import strategies as st

from certificates import Authority
from servescope.errors import ConfigurationError
from servescope.web.http.listening.pair import Pair, load_pair, make_up, read_keystore

DER, PKCS8 = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8
OPEN = serialization.NoEncryption()

JCEKS = """
zs7OzgAAAAIAAAABAAAAAQABYQAAAaIj5PsKAAAAajBoMBwGCSsGAQQBKgITATAPBAh1H8TUQbaZTAIDAw1ABEiUgYthB426ImcY3uyyi9pvTIbCCAnAaD
n8PZ4Af4dUdu8xqPwBLoYgid7uD4vX81644IScrl+L9mj+h9Y1QZK8Nglxw/UTd54AAAABAAVYLjUwOQAAATIwggEuMIHVoAMCAQICCCmD9XSWr0CrMAoG
CCqGSM49BAMCMAwxCjAIBgNVBAMTAWgwHhcNMjYxMTI4MjA0MjE4WhcNMjcwMjI2MjA0MjE4WjAMMQowCAYDVQQDEwFoMFkwEwYHKoZIzj0CAQYIKoZIzj
0DAQcDQgAEw7n6z6oYmEXQy5bFCrx7hjmr5/7RHomzcZ6e1FuK6vAKIQiwuB24a5qwSJCmvzbbv1cezJ6JwUyvaFxD/34Xk6MhMB8wHQYDVR0OBBYEFGBC
ajNp5v/7R0JwDVKuOSP2efNzMAoGCCqGSM49BAMCA0gAMEUCIFQtuJuCeIRaqBX3pPkKvRRRysoYTOueSjPeSGtd7ui1AiEAzlhkx75GkbcQZRXj71W+MJ
0VnGMM+QEk9V/qumTS6yUtEAuCKM3fPxDnVZF57UsKKODVvw==
"""


class Given:
    """A key, its certificate and its issuer's, and keystores of them."""

    def __init__(self, directory):
        chain, key = Authority().certify(directory, "localhost")
        self.chain = x509.load_pem_x509_certificates(chain.read_bytes())
        self.key = serialization.load_pem_private_key(key.read_bytes(), None)
        self.pem = chain.read_bytes()
        self.path = directory / "keystore"

    def pkcs12(self, password=b"changeit", key=True):
        closed = serialization.BestAvailableEncryption(password) if password else OPEN
        own = (self.key, self.chain[0]) if key else (None, None)
        # An issuer that has nothing to do with it is left out.
        others = [*self.chain[1:], Authority()._certificate]
        return pkcs12.serialize_key_and_certificates(b"a", *own, others, closed)

    def java(self, password="changeit", key=True):
        certificates = [one.public_bytes(DER) for one in self.chain]
        secret = self.key.private_bytes(DER, PKCS8, OPEN)
        own, trusted = jks.PrivateKeyEntry.new, jks.TrustedCertEntry.new
        entry = own("a", certificates, secret) if key else trusted("a", certificates[0])
        return jks.KeyStore.new("jks", [entry]).saves(password)

    def read(self, content, password="changeit"):
        self.path.write_bytes(content)
        return read_keystore(self.path, password)


@pytest.fixture
def store(tmp_path):
    return Given(tmp_path)


@pytest.mark.parametrize("kind", ["pkcs12", "jks"])
def test_a_keystore(store, kind):
    """Its key, its certificate first and the issuer behind it: what OpenSSL takes."""
    pair = store.read(store.pkcs12() if kind == "pkcs12" else store.java())
    assert pair.certificate == store.pem
    load_pair(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), pair)


def test_text_as_files_have_it():
    """A last line without its end, as OpenSSL takes it of a file; and both in one file, which is given as either."""
    certificate, key = make_up(["localhost"])
    both = certificate + key
    for pair in (Pair(certificate.rstrip(), key.rstrip()), Pair(both, both), Pair(certificate, both)):
        load_pair(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), pair)


def test_javas_other_kind(store):
    """JCEKS, which nothing here writes: keytool did, with the password changeit."""
    pair = store.read(base64.b64decode(JCEKS))
    load_pair(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), pair)
    with pytest.raises(ConfigurationError, match="is not opened by keystore_pass"):
        store.read(base64.b64decode(JCEKS), "other")


def test_a_keystore_without_a_password(store):
    """It is empty, which is one."""
    assert store.read(store.pkcs12(password=b""), "").certificate == store.pem


@pytest.mark.parametrize("kind", ["pkcs12", "jks"])
@pytest.mark.parametrize("password", ["geheim", "", "\N{SNOWMAN}"])
def test_a_wrong_password(store, kind, password):
    """The file is named, and the key that is wrong; not the password."""
    content = store.pkcs12() if kind == "pkcs12" else store.java()
    with pytest.raises(ConfigurationError) as refused:
        store.read(content, password)
    assert refused.value.message == f"keystore={str(store.path)!r} is not opened by keystore_pass"


def test_keystores_without_a_key(store):
    """Those that only say whom to trust."""
    for content in (store.pkcs12(key=False), store.java(key=False)):
        with pytest.raises(ConfigurationError, match="has no key"):
            store.read(content)


def test_a_file_that_is_away(store):
    """What the system says of it."""
    with pytest.raises(ConfigurationError, match=r"keystore='.*nowhere' cannot be read: No such file or directory"):
        read_keystore(store.path.with_name("nowhere"), "changeit")


@pytest.fixture(scope="module")
def keystores(tmp_path_factory):
    store = Given(tmp_path_factory.mktemp("any"))
    return store, {"": b"", "jks": store.java(), "pkcs12": store.pkcs12()}


@given(st.binary(max_size=40), st.integers(0, 500), st.sampled_from(["", "jks", "pkcs12"]))
def test_any_file(keystores, content, cut, kind):
    """What is no keystore, is cut short or spoilt is an error that names it."""
    store, contents = keystores
    whole = contents[kind]
    with pytest.raises(ConfigurationError, match="keystore="):
        store.read(whole[:cut] + content + whole[cut + len(content) + 1 :])


def test_a_certificate_that_is_made_up():
    """It names these hosts and localhost, each time with another key."""
    pair, other = make_up(["b.example", "127.0.0.1", "::1"]), make_up([])
    load_pair(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), pair)
    assert pair.private_key != other.private_key
    (certificate,) = x509.load_pem_x509_certificates(pair.certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["b.example", "localhost"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


@pytest.mark.parametrize(("module", "package"), [("jks", "pyjks"), ("cryptography.x509", "cryptography")])
def test_without_what_it_needs(store, monkeypatch, module, package):
    """The package is named, and how it is installed."""
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigurationError, match=rf"needs the package {package}: the extra tls has it"):
        store.read(store.java()) if module == "jks" else make_up([])
