"""Whatever OpenSSL refuses, the message says which file, what it is, and what to do."""

import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import load_pem_x509_certificate

from certificates import loopback_pair
from servescope.errors import ConfigurationError
from servescope.web.http.listening.tls import Tls

PKCS8 = serialization.PrivateFormat.PKCS8
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
OPEN = serialization.NoEncryption()


class Pair:
    """A certificate and its key, of which a test spoils one."""

    def __init__(self, directory):
        self.certificate, self.key = loopback_pair(directory)
        self.secret = serialization.load_pem_private_key(self.key.read_bytes(), None)
        self.public = load_pem_x509_certificate(self.certificate.read_bytes())

    def refusal(self):
        with pytest.raises(ConfigurationError) as caught:
            Tls(self.certificate, self.key).context()
        assert caught.value.message.startswith("TLS cannot be set up: ")
        return caught.value.message.removeprefix("TLS cannot be set up: ")


@pytest.fixture
def pair(tmp_path):
    return Pair(tmp_path)


@pytest.mark.parametrize("form", [PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
def test_an_encrypted_key(pair, form):
    """Nobody is asked for a password, on a terminal that is there or not."""
    pair.key.write_bytes(pair.secret.private_bytes(PEM, form, serialization.BestAvailableEncryption(b"x")))
    expected = "is encrypted, and there is nobody to ask for its password: openssl pkey -in"
    assert pair.refusal() == f"private_key_file={pair.key} {expected} {pair.key} -out key.pem"


def test_a_key_of_another_certificate(pair, tmp_path):
    """Both are named, and their order."""
    (tmp_path / "other").mkdir()
    _, pair.key = loopback_pair(tmp_path / "other")
    said = pair.refusal()
    assert said.startswith(f"private_key_file={pair.key} is not the key of the first certificate in certificate_file=")


def test_a_key_that_is_too_small(pair):
    """What OpenSSL's security level wants, and how to make a pair that does."""
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:1024",
        "-nodes",
        "-keyout",
        pair.key,
        "-out",
        pair.certificate,
    ]
    subprocess.run([*command, "-subj", "/CN=h"], check=True, capture_output=True)
    said = pair.refusal()
    assert said.startswith(f"the key in certificate_file={pair.certificate} is too small for OpenSSL's security level")
    assert "openssl req -x509 -newkey rsa:2048 -nodes" in said


def test_what_is_no_pem(pair):
    """DER can be converted; a keystore has options of its own."""
    keystore = pkcs12.serialize_key_and_certificates(b"n", pair.secret, pair.public, None, OPEN)
    good = pair.certificate.read_bytes()
    for content in (pair.public.public_bytes(DER), keystore):
        pair.certificate.write_bytes(content)
        assert f"openssl x509 -inform DER -in {pair.certificate} -out certificate.pem" in pair.refusal()
        assert "a PKCS#12 keystore say keystore= and keystore_pass= instead" in pair.refusal()
    pair.certificate.write_bytes(good)
    for content in (pair.secret.private_bytes(DER, PKCS8, OPEN), keystore):
        pair.key.write_bytes(content)
        assert f"private_key_file={pair.key} is no PEM file" in pair.refusal()
        assert "a PKCS#12 keystore say keystore= and keystore_pass= instead" in pair.refusal()
    pair.key.write_bytes(b"\xfe\xed\xfe\xed\x00\x00\x00\x02")
    assert "is a Java keystore: say keystore= and keystore_pass= instead" in pair.refusal()


@pytest.mark.parametrize("side", ["certificate", "key"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"nothing\n", "has no {} in it: no line -----BEGIN"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "has no {} in it, but a public key"),
    ],
)
def test_files_of_something_else(pair, side, content, said):
    """What is in them, as far as they say."""
    path = getattr(pair, side)
    path.write_bytes(content)
    option = {"certificate": "certificate_file", "key": "private_key_file"}[side]
    wanted = {"certificate": "certificate", "key": "private key"}[side]
    assert pair.refusal() == f"{option}={path} {said.format(wanted)}"


def test_the_two_exchanged(pair):
    """Each is taken for the other."""
    pair.certificate, pair.key = pair.key, pair.certificate
    assert pair.refusal() == f"certificate_file={pair.certificate} has no certificate in it, but a private key"


@pytest.mark.parametrize("side", ["certificate", "key"])
def test_a_file_that_is_cut_short(pair, side):
    """Both are named where OpenSSL says no more than that something is wrong."""
    path = getattr(pair, side)
    path.write_bytes(path.read_bytes()[:120])
    said = pair.refusal()
    assert " cut short" in said
    assert str(path) in said


def test_a_file_that_is_gone(pair):
    """As the system says it."""
    pair.key.unlink()
    assert pair.refusal() == f"private_key_file={pair.key} cannot be read: No such file or directory"


def test_a_pair_that_is_fine(pair):
    """Of today's kinds of keys, and with an issuer behind."""
    assert isinstance(pair.secret, ec.EllipticCurvePrivateKey)
    assert Tls(pair.certificate, pair.key).context() is not None
