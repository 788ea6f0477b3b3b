"""`ts.model_server`: `start` is the command `torchserve`; `python -m ts.model_server` runs it too."""

from servescope.cli.torchserve.command import main as start

__all__ = ["start"]

if __name__ == "__main__":
    start()
