"""Every metric family that the server itself writes: the single source of names, types, units, labels, buckets and help.

Nothing flows in. Out: `DEFINITIONS`, read by `registry` (what exists), `exposition` (HELP and TYPE lines), `reference`
(docs/metrics.md) and `servescope metrics list`. One file for each group of families.
"""

from servescope.metrics.definitions.autoscaler import AUTOSCALER, DIRECTIONS, MODES
from servescope.metrics.definitions.batching import CONTINUOUS, SEQUENCE_BEGINNINGS, SEQUENCE_ENDS, SEQUENCES
from servescope.metrics.definitions.connections import (
    ACCEPT_FAILURES,
    CLOSING_REASONS,
    CONNECTION_STATES,
    CONNECTIONS,
    FRONT_END_ENDINGS,
    FRONT_END_STATES,
)
from servescope.metrics.definitions.definition import (
    DEFAULT_BUCKETS,
    DURATION_BUCKETS,
    GENERATION_BUCKETS,
    SIZE_BUCKETS,
    Definition,
    Kind,
)
from servescope.metrics.definitions.health import DROP_REASONS, HEALTH, MISSING_REASONS
from servescope.metrics.definitions.host import DIRECTORIES, HOST
from servescope.metrics.definitions.llm import FINISH_REASONS, LLM, TOKEN_KINDS
from servescope.metrics.definitions.objectives import OBJECTIVES, SLOS
from servescope.metrics.definitions.requests import (
    NO_TICKET,
    OUTCOMES,
    REJECTION_REASONS,
    REQUESTS,
    SEQUENCE_REASONS,
    STAGES,
)
from servescope.metrics.definitions.torchserve import TORCHSERVE
from servescope.metrics.definitions.workers import RESTART_REASONS, WORKER_STATES, WORKERS
from servescope.metrics.definitions.workflows import ATTEMPT_OUTCOMES, WORKFLOW_VERSION, WORKFLOWS

__all__ = [
    "ACCEPT_FAILURES",
    "ATTEMPT_OUTCOMES",
    "BY_NAME",
    "CLOSING_REASONS",
    "CONNECTION_STATES",
    "DEFAULT_BUCKETS",
    "DEFINITIONS",
    "DIRECTIONS",
    "DIRECTORIES",
    "DROP_REASONS",
    "DURATION_BUCKETS",
    "FINISH_REASONS",
    "FRONT_END_ENDINGS",
    "FRONT_END_STATES",
    "GENERATION_BUCKETS",
    "MISSING_REASONS",
    "MODES",
    "NO_TICKET",
    "OUTCOMES",
    "OWN",
    "REJECTION_REASONS",
    "RESTART_REASONS",
    "SEQUENCES",
    "SEQUENCE_BEGINNINGS",
    "SEQUENCE_ENDS",
    "SEQUENCE_REASONS",
    "SIZE_BUCKETS",
    "SLOS",
    "STAGES",
    "TOKEN_KINDS",
    "TORCHSERVE",
    "WORKER_STATES",
    "WORKFLOW_VERSION",
    "Definition",
    "Kind",
]

OWN = (
    REQUESTS
    + WORKFLOWS
    + SEQUENCES
    + CONTINUOUS
    + CONNECTIONS
    + WORKERS
    + AUTOSCALER
    + LLM
    + OBJECTIVES
    + HOST
    + HEALTH
)
DEFINITIONS = TORCHSERVE + OWN
BY_NAME = {definition.name: definition for definition in DEFINITIONS}
