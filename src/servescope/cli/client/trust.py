"""Whom a command trusts when it asks a server over https: in, a file of certificates; out, a context for the client.

Used by `endpoints`.
"""

import ssl
from pathlib import Path

from servescope.errors import ServescopeError

_END = "-----END CERTIFICATE-----"


class UntrustedError(ServescopeError):
    """The file that says whom to trust cannot be used."""


def trusting(ca_file: str) -> ssl.SSLContext:
    """Trusts what these certificates have signed, and each of them by itself, for the names that it is made for.

    Raises:
        UntrustedError: there is no such file, or no certificate in it.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise UntrustedError(f"--ca-file {ca_file!r} cannot be used: {error}") from error
    _take_as_it_is(context)
    return context


def trusting_only(certificate_file: str) -> ssl.SSLContext:
    """Trusts the first certificate in this file alone, a server's own, whoever signed it and whatever names it has: on the
    machine itself the server is asked by an address that its certificate seldom names.

    Raises:
        UntrustedError: there is no such file, or no certificate in it.
    """
    try:
        own = Path(certificate_file).read_text(encoding="ascii", errors="ignore").partition(_END)[0] + _END
        context = ssl.create_default_context(cadata=own)
    except (OSError, ValueError) as error:
        raise UntrustedError(f"the server's certificate {certificate_file!r} cannot be used: {error}") from error
    _take_as_it_is(context)
    context.check_hostname = False
    return context


def _take_as_it_is(context: ssl.SSLContext) -> None:
    """Trust each certificate by itself, and those that leave out what RFC 5280 asks for: home-made ones do, OpenSSL trusts them,
    and Python does up to 3.12.
    """
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
