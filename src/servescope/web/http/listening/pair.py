"""A certificate and its key in memory, where no PEM files are: out of a Java keystore, or made up.

In: a keystore's bytes and password, or the names of hosts. Out: PEM. Called by `tls`, which loads it. Needs cryptography, and
pyjks for keystores of Java's own kind, which are imported when they are wanted.
"""

import contextlib
import datetime
import importlib
import ipaddress
import os
import ssl
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from servescope.errors import ConfigurationError
from servescope.wire.secured.pem import no_password

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, GeneralName

_JAVAS: Final = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")  # JKS and JCEKS
_DAYS: Final = 3650
_INSTALL: Final = "the extra tls has it"


class Pair(NamedTuple):
    """PEM: the server's certificate, its issuers' behind it; and its key, which is not encrypted."""

    certificate: bytes
    private_key: bytes


def load_pair(context: ssl.SSLContext, pair: Pair) -> None:
    """Have a context use it. The key touches no disk.

    Raises:
        OSError: OpenSSL refuses it (`ssl.SSLError`).
        ValueError: the key is encrypted.
    """
    # Each in a file of its own: the last line of one may lack its end, and either may have more in it than it needs.
    with _as_file(pair.certificate) as certificate, _as_file(pair.private_key) as key:
        context.load_cert_chain(certificate, key, no_password)


def read_keystore(path: Path, password: str) -> Pair:
    """The first key of a keystore, and its certificates. Which kind it is shows in its first bytes, whatever `keystore_type` says.

    Raises:
        ConfigurationError: it cannot be read, with this password or at all, has no key, or what reads it is not installed.
    """
    given = f"keystore={str(path)!r}"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{given} cannot be read: {error.strerror}") from error
    if content.startswith(_JAVAS):
        return _from_java(content, password, given)
    return _from_pkcs12(content, password, given)


def make_up(hosts: Iterable[str]) -> Pair:
    """A certificate that nobody else has signed, for these names and addresses, and a key; good for ten years.

    Raises:
        ConfigurationError: what makes it is not installed.
    """
    x509 = _module("cryptography.x509", "A certificate of its own")
    hashes = importlib.import_module("cryptography.hazmat.primitives.hashes")
    curves = importlib.import_module("cryptography.hazmat.primitives.asymmetric.ec")
    key = curves.generate_private_key(curves.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(_DAYS))
    names = x509.SubjectAlternativeName([_general_name(x509, host) for host in sorted({*hosts, "localhost"})])
    return _pem(key, [builder.add_extension(names, critical=False).sign(key, hashes.SHA256())])


def _from_pkcs12(content: bytes, password: str, given: str) -> Pair:
    pkcs12 = _module("cryptography.hazmat.primitives.serialization.pkcs12", given)
    try:
        found = pkcs12.load_pkcs12(content, password.encode())
    except ValueError as error:
        wrong = "password" in str(error).lower()
        why = "is not opened by keystore_pass" if wrong else f"is no keystore that can be read: {error}"
        raise ConfigurationError(f"{given} {why}") from error
    except Exception as error:  # an algorithm that this OpenSSL has no more, for one
        raise ConfigurationError(f"{given} cannot be read: {error or type(error).__name__}") from error
    if found.key is None or found.cert is None:
        raise ConfigurationError(f"{given} has no key with its certificate in it")
    issuers = (one.certificate for one in found.additional_certs)
    return _pem(found.key, _in_order(found.cert.certificate, issuers))


def _from_java(content: bytes, password: str, given: str) -> Pair:
    jks = _module("jks", given)
    serialization = _module("cryptography.hazmat.primitives.serialization", given)
    x509 = importlib.import_module("cryptography.x509")
    try:
        found = jks.KeyStore.loads(content, password)
    except (jks.KeystoreSignatureException, jks.DecryptionFailureException) as error:
        raise ConfigurationError(f"{given} is not opened by keystore_pass") from error
    except Exception as error:  # whatever pyjks runs into in a file that is cut short
        raise ConfigurationError(f"{given} is no keystore that can be read: {error or type(error).__name__}") from error
    for entry in found.private_keys.values():
        try:
            key = serialization.load_der_private_key(entry.pkey_pkcs8, None)
            return _pem(key, [x509.load_der_x509_certificate(one) for _, one in entry.cert_chain])
        except ValueError as error:
            raise ConfigurationError(f"{given}: the key {entry.alias!r} cannot be read: {error}") from error
    raise ConfigurationError(f"{given} has no key in it")


def _in_order(own: "Certificate", others: Iterable["Certificate"]) -> list["Certificate"]:
    """A certificate, then its issuer, then that one's: a PKCS#12 keystore has them in any order. Others are left out."""
    left, chain = list(others), [own]
    while issuers := [one for one in left if _signed(one, chain[-1])]:
        left.remove(issuers[0])
        chain.append(issuers[0])
    return chain


def _signed(issuer: "Certificate", certificate: "Certificate") -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # another's, or of a kind that is not known
        return False
    return True


def _pem(key: Any, certificates: Iterable["Certificate"]) -> Pair:
    serialization = importlib.import_module("cryptography.hazmat.primitives.serialization")
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Pair(b"".join(one.public_bytes(pem) for one in certificates), secret)


def _general_name(x509: Any, host: str) -> "GeneralName":
    try:
        return x509.IPAddress(ipaddress.ip_address(host))  # type: ignore[no-any-return]
    except ValueError:
        return x509.DNSName(host)  # type: ignore[no-any-return]


def _module(name: str, what: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = "pyjks" if name == "jks" else name.partition(".")[0]
        raise ConfigurationError(f"{what} needs the package {package}: {_INSTALL}") from error


@contextlib.contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """A name under which OpenSSL can open what is in memory only."""
    descriptor = os.memfd_create("pair", os.MFD_CLOEXEC)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        yield f"/proc/self/fd/{descriptor}"
