"""Why OpenSSL refuses a certificate and its key: in, the two files and its error; out, which of them, what it is, and what to do.

Called by `files`, and by `web.http.listening.tls`. OpenSSL itself says `PEM lib` of nearly everything.
"""

import ssl
from pathlib import Path
from typing import Final

_KEY: Final = b"PRIVATE KEY-----"
_CERTIFICATE: Final = (b"BEGIN CERTIFICATE-----", b"BEGIN TRUSTED CERTIFICATE-----", b"BEGIN X509 CERTIFICATE-----")
_KEYSTORES: Final = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")  # Java's JKS and JCEKS
_ASN1: Final = b"\x30"  # how DER and PKCS#12 begin
_NEW_KEY: Final = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=HOST -keyout key.pem -out certificate.pem"
)
_REASONS: Final = {
    "KEY_VALUES_MISMATCH": "{key} is not the key of the first certificate in {certificate}: the server's own stands first, its"
    " issuers' behind it",
    "EE_KEY_TOO_SMALL": "the key in {certificate} is too small for OpenSSL's security level, which wants RSA keys of 2048 bits or"
    f" 256 of an elliptic curve; make new ones: {_NEW_KEY}",
    "CA_KEY_TOO_SMALL": "an issuer's key in {certificate} is too small for OpenSSL's security level, which wants RSA keys of 2048"
    " bits: leave that issuer out, or have a newer one sign",
    "CA_MD_TOO_WEAK": "a signature in {certificate} is too weak for OpenSSL's security level (SHA-1 or MD5): have it signed with"
    " SHA-256",
    "BAD_END_LINE": "{certificate} or {key} is cut short",
}


def no_password() -> str:
    """What OpenSSL calls where a key is encrypted; without it the process would stand still and ask on the terminal."""
    raise ValueError("it is encrypted")


def why_refused(
    certificate: Path, key: Path, error: Exception, options: tuple[str, str] = ("certificate_file", "private_key_file")
) -> str:
    """A sentence for whoever gave the two files by these options. Never raises."""
    names = {"certificate": f"{options[0]}={certificate}", "key": f"{options[1]}={key}"}
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):  # which does not say of which file
        paths = {"certificate": certificate, "key": key}
        absent = next((names[name] for name, path in paths.items() if not path.is_file()), "")
        return f"{absent or ' or '.join(names.values())} cannot be read: {error.strerror}"
    reason = getattr(error, "reason", None)
    if reason in _REASONS:
        return _REASONS[reason].format(**names)
    if why := _no_certificate(_read(certificate), certificate):
        return f"{names['certificate']} {why}"
    if why := _no_key(_read(key), key):
        return f"{names['key']} {why}"
    return f"{names['certificate']} or {names['key']} is cut short or spoilt: {error}"


def _no_certificate(content: bytes, path: Path) -> str:
    """What the file is instead, "" where it has a certificate."""
    if any(mark in content for mark in _CERTIFICATE):
        return ""
    if content.startswith(_ASN1):
        return (
            f"is no PEM file: convert it with openssl x509 -inform DER -in {path} -out certificate.pem, or if it is a PKCS#12"
            " keystore say keystore= and keystore_pass= instead"
        )
    return _other(content, "certificate")


def _no_key(content: bytes, path: Path) -> str:
    """What the file is instead, or why its key cannot be read; "" where neither is to be seen."""
    if b"ENCRYPTED" in content:
        return f"is encrypted, and there is nobody to ask for its password: openssl pkey -in {path} -out key.pem"
    if _KEY in content:
        return ""
    if content.startswith(_ASN1):
        return (
            f"is no PEM file: convert it with openssl pkey -inform DER -in {path} -out key.pem, or if it is a PKCS#12"
            " keystore say keystore= and keystore_pass= instead"
        )
    return _other(content, "private key")


def _other(content: bytes, wanted: str) -> str:
    if content.startswith(_KEYSTORES):
        return "is a Java keystore: say keystore= and keystore_pass= instead"
    if not content.strip():
        return "is empty"
    found = [line[11:-5].decode("ascii", "replace") for line in content.splitlines() if line.startswith(b"-----BEGIN ")]
    return f"has no {wanted} in it" + (f", but a {found[0].lower()}" if found else ": no line -----BEGIN")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
