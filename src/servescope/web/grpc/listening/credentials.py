"""What gRPC's connections are encrypted with: that of https:// addresses, also once it was read again. Made by `listener`.

`web.http.listening.tls` has read it, and checked it: gRPC itself does not say what is wrong with a certificate.
"""

import grpc

from servescope.web.http.listening.pair import Pair
from servescope.web.http.listening.tls import Tls


def server_credentials(tls: Tls) -> grpc.ServerCredentials:
    """Those of one port, as gRPC gives a first certificate to one alone; its connections to come get the newest.

    Raises:
        ConfigurationError: it cannot be read.
    """
    newest = _Newest(tls)
    return grpc.dynamic_ssl_server_credentials(_configuration(newest.pair), newest)


class _Newest:
    """Asked by gRPC at every handshake, on a thread of its own. `pair`: what gRPC was given last."""

    def __init__(self, tls: Tls) -> None:
        self._tls = tls
        self.pair = tls.pair()

    def __call__(self) -> grpc.ServerCertificateConfiguration | None:
        """The certificate, None where gRPC has it."""
        pair = self._tls.pair()
        if pair is self.pair:
            return None
        self.pair = pair
        return _configuration(pair)


def _configuration(pair: Pair) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(pair.private_key, pair.certificate)])
