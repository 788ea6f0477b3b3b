"""Where gRPC's clients are listened to. A part of `settings.Settings`."""

from dataclasses import dataclass, field

from servescope.config import bounds
from servescope.config.address import MAX_PORT
from servescope.config.keys import key
from servescope.config.values.listen_host import host
from servescope.config.values.parsers import choice, flag, whole

_AGE = whole(1, bounds.MAX_CONNECTION_AGE_MS)


@dataclass(frozen=True, kw_only=True, init=False, repr=False, eq=False)  # `Settings` has them for all
class GrpcSettings:
    """Ages in milliseconds."""

    enable_grpc: str = field(
        default="auto",
        metadata=key(
            choice("auto", "true", "false"),
            "Serve gRPC too: auto where grpcio is installed (the extra grpc); true ends a start without it. Not in TorchServe.",
        ),
    )
    grpc_inference_address: str = field(
        default="127.0.0.1", metadata=key(host, "Host that gRPC's inference service listens on.")
    )
    grpc_inference_port: int = field(
        default=7070, metadata=key(whole(0, MAX_PORT), "Its port; 0: the system chooses one, and the log says which.")
    )
    grpc_management_address: str = field(
        default="127.0.0.1", metadata=key(host, "Host that gRPC's management service listens on.")
    )
    grpc_management_port: int = field(
        default=7071, metadata=key(whole(0, MAX_PORT), "Its port; 0: the system chooses one, and the log says which.")
    )
    grpc_inference_max_connection_age_ms: int | None = field(
        default=None, metadata=key(_AGE, "Milliseconds after which a connection is closed.", default="never")
    )
    grpc_inference_max_connection_age_grace_ms: int | None = field(
        default=None, metadata=key(_AGE, "Milliseconds that its calls then have to finish.", default="any time")
    )
    grpc_management_max_connection_age_ms: int | None = field(
        default=None, metadata=key(_AGE, "As for inference, of the management service.", default="never")
    )
    grpc_management_max_connection_age_grace_ms: int | None = field(
        default=None, metadata=key(_AGE, "As for inference, of the management service.", default="any time")
    )
    enable_grpc_ssl: bool = field(
        default=False,
        metadata=key(
            flag,
            "TLS for gRPC, with the certificate that https:// addresses have: keystore, or private_key_file and certificate_file.",
        ),
    )
