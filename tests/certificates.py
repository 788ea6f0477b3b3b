"""Certificates for servers of tests, good from yesterday until tomorrow: in, names; out, PEM files and those of their keys."""

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

Key = ec.EllipticCurvePrivateKey
PEM = serialization.Encoding.PEM
DAY = datetime.timedelta(1)


def self_signed(directory: Path, name: x509.GeneralName) -> tuple[Path, Path]:
    """The files of a certificate for this host, which nobody else has signed, and of its key."""
    key = _key()
    certificate = _signed("itself", key, "itself", key, x509.SubjectAlternativeName([name]))
    return _written(directory, key, certificate)


def loopback_pair(directory: Path) -> tuple[Path, Path]:
    """certificate.pem, for 127.0.0.1 and of another serial number each time, and its key.pem."""
    return self_signed(directory, x509.IPAddress(ipaddress.ip_address("127.0.0.1")))


def keystore_of(certificate: Path, key: Path, password: bytes = b"geheim") -> bytes:
    """A PKCS#12 keystore of a pair of PEM files."""
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    assert isinstance(private, Key)
    public = x509.load_pem_x509_certificate(certificate.read_bytes())
    closed = serialization.BestAvailableEncryption(password)
    return pkcs12.serialize_key_and_certificates(b"server", private, public, None, closed)


class Authority:
    """Signs certificates."""

    def __init__(self) -> None:
        self._key = _key()
        self._certificate = self._sign("an authority", self._key, x509.BasicConstraints(ca=True, path_length=None))

    def certify(self, directory: Path, host: str) -> tuple[Path, Path]:
        """The files of a certificate with its issuer's behind it, and of its key. `host`: a name, or an IPv4 address."""
        key = _key()
        name: x509.GeneralName = x509.DNSName(host)
        if host.replace(".", "").isdigit():
            name = x509.IPAddress(ipaddress.ip_address(host))
        own = self._sign(host, key, x509.SubjectAlternativeName([name]))
        return _written(directory, key, own, self._certificate)

    def trusted(self, directory: Path) -> Path:
        """authority.pem, its own certificate."""
        path = directory / "authority.pem"
        path.write_bytes(self._certificate.public_bytes(PEM))
        return path

    def _sign(self, subject: str, key: Key, extension: x509.ExtensionType) -> x509.Certificate:
        return _signed(subject, key, "an authority", self._key, extension)


def _key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _signed(subject: str, key: Key, issuer: str, by: Key, extension: x509.ExtensionType) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(_name(issuer), _name(subject), key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - DAY).not_valid_after(now + DAY)
    return builder.add_extension(extension, critical=False).sign(by, hashes.SHA256())


def _written(directory: Path, key: Key, *certificates: x509.Certificate) -> tuple[Path, Path]:
    chain, secret = directory / "certificate.pem", directory / "key.pem"
    chain.write_bytes(b"".join(certificate.public_bytes(PEM) for certificate in certificates))
    secret.write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return chain, secret
