"""The files of machines that know one another: in, a directory; out, a `TlsFiles` for 127.0.0.1."""

from certificates import Authority
from servescope.wire.secured.files import TlsFile, TlsFiles


def tls_files(directory, authority=None, host="127.0.0.1"):
    """Signed by this authority, or by one of its own."""
    directory.mkdir(exist_ok=True)
    authority = authority or Authority()
    certificate, key = authority.certify(directory, host)
    named = {"CERT": certificate, "KEY": key, "CA": authority.trusted(directory)}
    return TlsFiles(*(TlsFile(option, str(path)) for option, path in named.items()))
