"""How a server's models are, by its own word: `/readyz/models`, which every port answers, and without a token.

In: a connection, most often to the management API. Out: the decoded answer (`serving.readiness.survey` says what is in it), and
words for what stands in it. Used by `status`, `models describe` and `start --detach`.
"""

from collections.abc import Mapping
from typing import Any

from servescope.cli.client.connection import Connection, NoAnswerError

MISSING, GIVEN_UP, FAILED = "missing", "given_up", "failed"
_ON_ITS_WAY = {"loading": "its workers are loading"}


def read_survey(client: Connection) -> dict[str, Any]:
    """All models. NoAnswerError where there is no answer, or none that a server of this version gives."""
    answer = client.request("GET", "/readyz/models")
    try:
        survey = answer.json()
        _ = survey["ready"], survey["models"]
    except (ValueError, KeyError, TypeError) as error:
        raise NoAnswerError(
            f"{client.url} answered /readyz/models with {answer.status}: {answer.text[:200]}"
        ) from error
    return dict(survey)


def label(model: Mapping[str, Any]) -> str:
    """Name and version; the name alone of one that is not registered."""
    return str(model["name"]) if model["version"] is None else f"{model['name']} {model['version']}"


def reason(model: Mapping[str, Any]) -> str:
    """Why a model is not ready, in a line; "" where nothing has gone wrong."""
    why = str(model["why"])
    if model["standing"] == MISSING:
        return why or str(model["reason"])
    return f"{why}; it is given up" if model["standing"] == GIVEN_UP else why


def what_lacks(survey: Mapping[str, Any]) -> str:
    """What keeps a server from being ready, and why."""
    if survey["draining"]:
        return "the server is stopping"
    lacking = [model for model in survey["models"] if model["lacking"]]
    whys = [
        f"{label(model)}: {reason(model) or _ON_ITS_WAY.get(model['standing'], model['standing'])}" for model in lacking
    ]
    return "; ".join(whys) or "it has only begun"
