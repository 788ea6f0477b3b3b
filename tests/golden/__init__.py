"""What was recorded off a TorchServe 0.12.0: the cases, the answers, the lines of its logs, and the handlers that made them."""

from pathlib import Path

GOLDEN = Path(__file__).parent
