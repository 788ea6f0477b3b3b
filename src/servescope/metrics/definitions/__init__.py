"""Every metric family that the server itself writes: the single source of names, types, units, labels, buckets and help.

Nothing flows in. Out: `DEFINITIONS`, read by `registry` (what exists), `exposition` (HELP and TYPE lines), `reference`
(docs/metrics.md) and `servescope metrics list`. One file for each group of families.
"""

from servescope.metrics.definitions.definition import (
    DEFAULT_BUCKETS,
    DURATION_BUCKETS,
    SIZE_BUCKETS,
    Definition,
    Kind,
)
from servescope.metrics.definitions.health import HEALTH, MISSING_REASONS
from servescope.metrics.definitions.host import DIRECTORIES, HOST
from servescope.metrics.definitions.llm import FINISH_REASONS, LLM, TOKEN_KINDS
from servescope.metrics.definitions.objectives import OBJECTIVES, SLOS
from servescope.metrics.definitions.requests import OUTCOMES, REJECTION_REASONS, REQUESTS, STAGES
from servescope.metrics.definitions.torchserve import TORCHSERVE
from servescope.metrics.definitions.workers import RESTART_REASONS, WORKER_STATES, WORKERS

__all__ = [
    "BY_NAME",
    "DEFAULT_BUCKETS",
    "DEFINITIONS",
    "DIRECTORIES",
    "DURATION_BUCKETS",
    "FINISH_REASONS",
    "MISSING_REASONS",
    "OUTCOMES",
    "OWN",
    "REJECTION_REASONS",
    "RESTART_REASONS",
    "SIZE_BUCKETS",
    "SLOS",
    "STAGES",
    "TOKEN_KINDS",
    "TORCHSERVE",
    "WORKER_STATES",
    "Definition",
    "Kind",
]

OWN = REQUESTS + WORKERS + LLM + OBJECTIVES + HOST + HEALTH
DEFINITIONS = TORCHSERVE + OWN
BY_NAME = {definition.name: definition for definition in DEFINITIONS}
