"""The labels that recordings keep, from a whole service down to one model on one server."""

from typing import Final

INSTANCE: Final = ("job", "instance")
MODEL: Final = ("job", "model_name", "model_version")
INSTANCE_MODEL: Final = ("job", "instance", "model_name", "model_version")
MODEL_SLO: Final = (*MODEL, "slo")
