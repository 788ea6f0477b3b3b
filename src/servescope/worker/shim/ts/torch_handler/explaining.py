"""captum, where an explanation needs it. Called by `text_handler` and `vision_handler`, not before they must."""

import importlib

from ts.utils.util import PredictionException


def captum_attr():
    """The module of captum's algorithms.

    Raises:
        PredictionException: the worker's environment has no captum; the client is told so, and the log.
    """
    try:
        return importlib.import_module("captum.attr")
    except ModuleNotFoundError as error:
        raise PredictionException(f"This explanation needs the package captum: {error}", 501) from error
