"""The largest values that numbers from outside may have, and the longest lists: what each of them protects.

Read by whatever reads such a number: `settings`, `models_json`, `model.config`, `model.objectives`, `model.register`. What an
operator allows of workers is `max_workers_per_model` (`model.worker_counts`). Least values stand where the numbers are read.
"""

from typing import Final

# A timer, and any sum of a few of these with the time of day, is still a time. Nobody waits longer.
MAX_TIMEOUT_S: Final = 365 * 24 * 3600
MAX_TIMEOUT_MS: Final = 1000 * MAX_TIMEOUT_S
# Requests wait so long for others at most; and the collectors' samples, which alerts need, are no older.
MAX_BATCH_DELAY_MS: Final = 24 * 3600 * 1000
MAX_INTERVAL_S: Final = 24 * 3600
# A client is waited for.
MAX_CLIENT_WAIT_S: Final = 24 * 3600
# A person waits at a terminal; poll(2) knows 24 days.
MAX_DRAIN_S: Final = 24 * 3600
# Minutes: a century.
MAX_TOKEN_MIN: Final = 100 * 365 * 24 * 60

# The front end's memory: a request or an answer that waits takes some kilobytes besides its body.
MAX_QUEUE: Final = 1_000_000
MAX_BATCH_SIZE: Final = 65_536
MAX_SERIES: Final = 100_000
# A body, with its headers, fits a frame, whose lengths have 32 bits.
MAX_BODY: Final = 2**31 - 1

# Processes, of which each has half a dozen descriptors.
MAX_WORKERS: Final = 4096
MAX_FRONT_ENDS: Final = 64
MAX_GPUS: Final = 1024
MAX_PROCESSES: Final = 65_536

# Lists, which are walked through in one turn of the loop.
MAX_MODELS: Final = 10_000
MAX_VERSIONS: Final = 1000
MAX_BUCKETS: Final = 256
MAX_LISTED: Final = 1000
# A connection's age in gRPC, which counts in 32 bits.
MAX_CONNECTION_AGE_MS: Final = 2**31 - 1
