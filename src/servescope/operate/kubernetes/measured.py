"""What a running server says of itself, as far as it is known: in, nothing; out, records that `cli.kubernetes.measure` fills.

None, wherever something was not measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Ports:
    """Where a server listens."""

    inference: int = 8080
    management: int = 8081
    metrics: int = 8082


@dataclass(frozen=True, slots=True)
class MeasuredModel:
    """One model's default version. Bytes and seconds; `cores`: processors' worth of time that a worker takes while it is busy;
    `load_s`: the 90th percentile; `objectives`: in words.
    """

    version: str | None = None
    workers: int | None = None
    memory_bytes: float | None = None
    cores: float | None = None
    load_s: float | None = None
    response_timeout_s: float | None = None
    batch_size: int | None = None
    objectives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MeasuredServer:
    """`url`: where it was asked. `gpus`: how many devices its workers have memory on. `tokens`: whether it asks for them."""

    url: str | None = None
    memory_bytes: float | None = None
    gpus: int | None = None
    tokens: bool | None = None
    ports: Ports | None = None
    models: Mapping[str, MeasuredModel] = field(default_factory=dict)
