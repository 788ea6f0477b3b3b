"""What came of a handler's writes to one series, as the front end is told of it. Made by `lines` and `folded`."""

from msgspec import Struct

from servescope.wire.measured.distribution import Distribution

# The kind of an update that says of how many writes nothing came; why is its unit.
DROPPED = "dropped"
# Why a write is dropped: its dimensions are not the metric's, its value is none that the metric can take, there is no room for it.
DIMENSIONS = "dimensions"
VALUE = "value"
ROOM = "room"
# What stands for names and values that there is no room for.
OTHER = "other"


class MetricUpdate(Struct, array_like=True):
    """Writes to a series of a custom metric. `kind`: counter (add), gauge (set), histogram (observe), or DROPPED.

    `unit` is that of `value`, which need not be the metric's. `values` go with `dimensions` one by one, in whatever order the
    handler named them. `value`: what `writes` writes come to, a counter's sum or a gauge's last; a histogram's are in
    `distribution`, where it is not None. `at`: when the last of them was made, seconds since the epoch, where it is logged, else 0.
    `folded`: the series has no room of its own, so its values became "other". `order`: the same time by the machine's monotonic
    clock, in seconds, 0 where it does not matter: of two writes to one gauge, of whichever workers, the later counts.
    """

    kind: str
    name: str
    unit: str
    dimensions: list[str]
    values: list[str]
    value: float
    request_id: str
    at: float = 0.0
    writes: int = 1
    folded: bool = False
    distribution: Distribution | None = None
    order: float = 0.0
