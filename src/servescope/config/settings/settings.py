"""The server's settings: `Settings`, one field a configuration key, with its default, its reader and its meaning.

Built by `load` from files, options and environment; read by every part of the server; printed by `reference`.
Names, defaults and meanings are TorchServe's (util/ConfigManager) but for the departures in docs/configuration.md. What belongs
together stands in a part of its own: `ports`, `grpc`, `models`, `metrics`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from servescope.config import bounds
from servescope.config.address import MAX_PORT
from servescope.config.keys import key
from servescope.config.settings.grpc import GrpcSettings
from servescope.config.settings.metrics import MetricsSettings
from servescope.config.settings.models import ModelSettings
from servescope.config.settings.ports import PortSettings
from servescope.config.values.log_lists import LOG_COPIES, log_copies, log_paths
from servescope.config.values.models_json import StartupModel
from servescope.config.values.parsers import (
    choice,
    flag,
    pattern,
    positive_number,
    whole,
    words,
)


@dataclass(frozen=True, kw_only=True)
class Settings(MetricsSettings, ModelSettings, GrpcSettings, PortSettings):  # the last base's fields come first
    """The configuration of one server. Sizes in bytes, timeouts in seconds, paths absolute.

    Fields whose metadata has no `key` are not set by a key of that name, but by the environment or by loading. `config_snapshots`:
    whether snapshots are written.
    """

    decode_input_request: bool = field(default=True, metadata=key(flag, "Decode JSON and text bodies for handlers."))
    json_nan: str = field(
        default="keep",
        metadata=key(
            choice("keep", "null", "error"),
            "NaN and Infinity in the JSON that is made of an answer: keep writes these words, which are no JSON, as TorchServe"
            " does; null writes null; error refuses the answer with 500. Not in TorchServe.",
        ),
    )
    default_content_type: str = field(
        default="off",
        metadata=key(
            choice("off", "auto"),
            "Content-Type of answers whose handler sets none: off sends none, as TorchServe does; auto sends application/json with"
            " those that the server writes as JSON. Not in TorchServe.",
        ),
    )
    limit_max_image_pixels: bool = field(default=True, metadata=key(flag, "Keep Pillow's limit on image sizes."))
    blacklist_env_vars: re.Pattern[str] | None = field(
        default=None,
        metadata=key(pattern, "Variables whose whole name matches are kept from workers.", default="none"),
    )
    initial_worker_port: int = field(
        default=9000, metadata=key(whole(0, MAX_PORT), "First number of the worker names (W-9000-…).")
    )
    debug: bool = field(default=False, metadata=key(flag, "One worker a model, no timeouts."))
    ts_header_key_sequence_id: str = field(
        default="ts_request_sequence_id", metadata=key(words, "Header of a sequence's id.")
    )
    ts_header_key_sequence_start: str = field(
        default="ts_request_sequence_start", metadata=key(words, "Header that starts a sequence.")
    )
    ts_header_key_sequence_end: str = field(
        default="ts_request_sequence_end", metadata=key(words, "Header that ends a sequence.")
    )
    disable_token_authorization: bool = field(default=False, metadata=key(flag, "Serve without tokens."))
    token_expiration_min: float = field(
        default=60.0,
        metadata=key(positive_number(bounds.MAX_TOKEN_MIN), "Minutes that an inference or management token lives."),
    )
    ts_open_inference_protocol: bool = field(default=False, metadata=key(flag, "Serve the Open Inference Protocol."))
    log_format: str = field(
        default="text", metadata=key(choice("text", "json"), "text (TorchServe's lines) or json. Not in TorchServe.")
    )
    access_log_request_id: bool = field(
        default=False,
        metadata=key(
            flag, "End each line of access_log.log with the request's id; JSON lines have it always. Not in TorchServe."
        ),
    )
    model_log_request_id: bool = field(
        default=True,
        metadata=key(
            flag,
            "End each line of model_log.log with the ids of the requests in hand; JSON lines have them always. Not in TorchServe.",
        ),
    )
    access_log_exclude: tuple[str, ...] = field(
        default=(),
        metadata=key(
            log_paths,
            "Paths between commas whose requests leave no access line: /ping,/readyz,/metrics; one that ends with * stands for"
            " all that begin so. Not in TorchServe.",
            default="none",
        ),
    )
    ts_log_includes: tuple[str, ...] = field(
        default=LOG_COPIES,
        metadata=key(
            log_copies,
            "What ts_log.log has of other logs: some of access, model, metrics between commas, or none. TorchServe's has all.",
            default="all",
        ),
    )
    enable_envvars_config: bool = field(default=False, metadata=key(flag, "Let TS_… variables override keys."))
    use_env_allowed_urls: bool = field(default=False, metadata=key(flag, "Let TS_ALLOWED_URLS override allowed_urls."))

    log_config: Path | None = None
    log_location: Path = Path("logs")
    metrics_location: Path = Path("logs")
    config_file: Path | None = None
    config_snapshots: bool = False
    properties: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def startup_model(self, name: str, version: str) -> StartupModel | None:
        """What the `models` key says of this version, None if nothing."""
        return self.models.get(name, {}).get(version)
