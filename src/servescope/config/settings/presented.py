"""The certificate with which a server shows itself, for commands that ask it on its own machine: in, settings and environment; out,
a file. Asked by `cli`, which trusts it, and by `server.http.certificates`, which writes it where the settings name none.
"""

from collections.abc import Mapping
from pathlib import Path

from servescope.config.settings import Settings
from servescope.config.temporary import temporary_directory

_NAME = ".servescope.certificate.pem"


def presented_certificate(settings: Settings, environ: Mapping[str, str]) -> Path | None:
    """`certificate_file`; or where a certificate out of a keystore, or that the server makes up, is written beside the run file.
    None without TLS. Raises: ConfigurationError: see `temporary_directory`.
    """
    if settings.keystore is None and settings.certificate_file is not None:
        return settings.certificate_file
    return temporary_directory(environ) / _NAME if encrypted_options(settings) else None


def encrypted_options(settings: Settings) -> list[str]:
    """The options whose addresses are https:// and are listened on."""
    names = ["inference_address", "management_address"]
    names += ["metrics_address"] if settings.enable_metrics_api else []
    return [name for name in names if getattr(settings, name).tls]
