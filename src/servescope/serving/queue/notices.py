"""What whoever runs a model is told once, and not again at each batch. Made by `dispatcher`, called by `batch`."""

import logging

logger = logging.getLogger("servescope.serving")
_SHOWN = 200


class Notices:
    """What has been said of one model version. `name`: as the log is to have it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._shared = False

    def shared_failure(self, text: str, requests: int) -> None:
        """A PredictionException, which handlers raise of one request, was the answer to all of its batch."""
        if not self._shared:
            self._shared = True
            logger.warning(
                "Model %s: a PredictionException (%s) answers all %d requests of its batch, as in TorchServe. To refuse one of"
                " them alone, let the handler call context.set_response_status(code, idx=i) and return a text in its place i."
                " This is not said again",
                self._name,
                text[:_SHOWN],
                requests,
            )
