"""What handlers write to `context.metrics`, one write after the other, as the front end of a mode that logs reads it."""

from servescope.wire.measured.lines import LineReader
from servescope.wire.measured.memory import private
from servescope.worker.measuring.custom_metrics import CustomMetrics
from servescope.worker.measuring.each import Each


def watched(*args, **options):
    """Custom metrics, and what takes the writes to them since it was last called."""
    memory = private()
    metrics = CustomMetrics(*args, sink=Each(memory, lambda: 1.0), **options)
    return metrics, LineReader(memory).take
