"""`ts.metrics.metric`: a measured value that a handler builds and prints itself; the server does not collect it."""

import socket
import time

from servescope.worker.measuring.arguments import UNIT_NAMES


class Metric:
    """A value with its name, unit and `Dimension`s. `metric_method` "counter" makes `update` add instead of set."""

    def __init__(self, name, value, unit, dimensions, request_id=None, metric_method=None) -> None:
        self.name = name
        self.value = value
        self.unit = UNIT_NAMES.get(unit or "", unit)
        self.dimensions = list(dimensions)
        self.request_id = request_id
        self.metric_method = metric_method

    def update(self, value) -> None:
        """Add to a counter, set anything else."""
        self.value = self.value + value if self.metric_method == "counter" else value

    def reset(self) -> None:
        """Back to 0."""
        self.value = 0

    def __str__(self) -> str:
        labels = ",".join(str(one) for one in self.dimensions)
        tail = f",{self.request_id}" if self.request_id else ""
        return (
            f"{self.name}.{self.unit}:{self.value}|#{labels}|#hostname:{socket.gethostname()},{int(time.time())}{tail}"
        )

    def to_dict(self):
        """All of it under TorchServe's keys; the timestamp is in seconds of the epoch."""
        return {
            "MetricName": self.name,
            "Value": self.value,
            "Unit": self.unit,
            "Dimensions": self.dimensions,
            "Timestamp": int(time.time()),
            "HostName": socket.gethostname(),
            "RequestId": self.request_id,
        }
