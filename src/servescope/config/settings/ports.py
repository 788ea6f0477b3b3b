"""Where the server listens, and what clients may do there. A part of `settings.Settings`."""

from dataclasses import dataclass, field
from pathlib import Path

from servescope.config import bounds
from servescope.config.address import Address
from servescope.config.keys import key
from servescope.config.values.parsers import (
    flag,
    keystore_type,
    listener,
    path,
    whole,
    words,
)
from servescope.config.values.proxies import Proxies, proxies


@dataclass(frozen=True, kw_only=True, init=False, repr=False, eq=False)  # `Settings` has them for all
class PortSettings:
    """Sizes in bytes, timeouts in seconds, paths absolute."""

    inference_address: Address = field(
        default=Address("http", "127.0.0.1", 8080),
        metadata=key(listener(80, 443), "Where the inference API listens: http://, https:// or unix:/path."),
    )
    management_address: Address = field(
        default=Address("http", "127.0.0.1", 8081),
        metadata=key(listener(8081, 8444), "Where the management API listens."),
    )
    metrics_address: Address = field(
        default=Address("http", "127.0.0.1", 8082), metadata=key(listener(8082, 8445), "Where /metrics listens.")
    )
    trusted_proxies: Proxies = field(
        default=Proxies(),
        metadata=key(
            proxies,
            "Addresses and networks of proxies between commas, unix for those on a Unix socket: of what comes through them, the"
            " client in Forwarded or X-Forwarded-For is named in access lines and traces. Not in TorchServe.",
            default="none",
        ),
    )
    front_ends: int = field(
        default=1,
        metadata=key(
            whole(1, bounds.MAX_FRONT_ENDS),
            "Processes that speak HTTP on the inference port. One: the server's own, which a busy server of many cores may be short"
            " of. Not in TorchServe.",
        ),
    )
    private_key_file: Path | None = field(default=None, metadata=key(path, "PEM file of the TLS private key."))
    certificate_file: Path | None = field(default=None, metadata=key(path, "PEM file of the TLS certificate chain."))
    keystore: Path | None = field(
        default=None,
        metadata=key(
            path,
            "Keystore, PKCS12 or JKS, of which the first key and its certificates are used for TLS, before private_key_file and"
            " certificate_file. Without either an https:// address gets a certificate that the server makes up, with a warning.",
        ),
    )
    keystore_pass: str = field(
        default="changeit",
        metadata=key(words, "Password of the keystore, and of its key.", empty_counts=True, secret=True),
    )
    keystore_type: str = field(
        default="PKCS12",
        metadata=key(keystore_type, "PKCS12, JKS or JCEKS; which it is shows in the file."),
    )
    cors_allowed_origin: str | None = field(
        default=None,
        metadata=key(
            words,
            "Value of Access-Control-Allow-Origin; turns CORS on. Of several origins between commas the one that asks is"
            " sent, with Vary.",
            default="CORS off",
        ),
    )
    cors_allowed_methods: str | None = field(default=None, metadata=key(words, "Methods that CORS allows."))
    cors_allowed_headers: str | None = field(default=None, metadata=key(words, "Request headers that CORS allows."))
    client_header_timeout: int = field(
        default=60,
        metadata=key(
            whole(1, bounds.MAX_CLIENT_WAIT_S),
            "Seconds in which 1 KiB of a request's header must come, or its rest if that is less: from the connection's"
            " beginning, then from the header's first byte on. TLS is agreed on in as long. Not in TorchServe.",
        ),
    )
    client_body_timeout: int = field(
        default=120,
        metadata=key(
            whole(1, bounds.MAX_CLIENT_WAIT_S),
            "Seconds in which 1 KiB of a request's body must come, or its rest if that is less; and in which a client must"
            " take as much of an answer that waits for it. Not in TorchServe.",
        ),
    )
    max_request_size: int = field(
        default=6553500, metadata=key(whole(1, bounds.MAX_BODY), "Largest request body, in bytes.")
    )
    max_response_size: int = field(
        default=6553500,
        metadata=key(whole(1, bounds.MAX_BODY), "Most bytes in an answer's body, and in its headers together."),
    )
    decompress_requests: bool = field(
        default=True,
        metadata=key(
            flag,
            "Undo gzip and deflate of request bodies (Content-Encoding), within max_request_size; false gives handlers what came."
            " Not in TorchServe.",
        ),
    )
