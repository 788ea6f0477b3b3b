"""`ts.launcher`: starts and stops a server, and registers models, for tests and scripts."""

from servescope.cli.torchserve.launcher import register_model, register_model_with_params, start, stop

__all__ = ["register_model", "register_model_with_params", "start", "stop"]
