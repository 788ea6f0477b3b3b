"""The envelopes body, json and kserve: TorchServe's, but for what a client's mistake and a batch come to."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, ClassVar, cast

from servescope.wire.messages import Writing
from servescope.worker.envelopes.base import BaseEnvelope, ClientMistake, HandleFn, Row, body_of, document_of
from servescope.worker.replies.json_text import AS_BEFORE, JsonText, NoJson, json_bytes
from servescope.worker.replies.refusal import Refusal


class BodyEnvelope(BaseEnvelope):
    """`body`: the handler is given the bodies themselves."""

    def parse_input(self, data: list[Row]) -> list[Any]:
        """One body a request."""
        return [body_of(row) for row in data]

    def format_output(self, data: Any) -> Any:
        """As it is."""
        return data


class JSONEnvelope(BaseEnvelope):
    """`json`: `{"instances": [...]}` of all requests as one list; `{"predictions": [...]}` to each."""

    def __init__(self, handle_fn: HandleFn, writing: Writing = AS_BEFORE) -> None:
        super().__init__(handle_fn, writing)
        self._lengths: list[int] = []

    def parse_input(self, data: list[Row]) -> list[Any]:
        """All instances of all requests, in order."""
        batches = [[_decoded(one) for one in _instances(row, "json")] for row in data]
        self._lengths = [len(batch) for batch in batches]
        return [instance for batch in batches for instance in batch]

    def format_output(self, data: Sequence[Any]) -> list[Any]:
        """One JSON text a request, with as many predictions as it had instances."""
        answers = []
        start = 0
        for length in self._lengths:
            answers.append(self._written({"predictions": list(data[start : start + length])}))
            start += length
        return answers

    def _written(self, answer: Row) -> JsonText | Refusal:
        try:
            return JsonText(json_bytes(answer, self._writing, indent=None).decode())
        except NoJson as error:
            return Refusal(500, str(error))


class KServeEnvelope(BaseEnvelope):
    """`kserve`: a request's instances; `{"predictions": …}` or, when explaining, `{"explanations": …}`."""

    alone: ClassVar[bool] = True

    def parse_input(self, data: list[Row]) -> list[Any]:
        """The first request's instances, [] for an empty batch."""
        return _instances(data[0], "kserve") if data else []

    def format_output(self, data: Any) -> list[Any]:
        """One answer."""
        return [{"explanations" if self._is_explain() else "predictions": data}]


def _instances(row: Row, envelope: str) -> list[Any]:
    body = body_of(row)
    # A row without a body may have the field itself, as from a form of JSON parts.
    found = document_of(row if body is None else body, "instances", f"service_envelope={envelope}")
    return cast("list[Any]", found["instances"])


def _decoded(instance: Any) -> Any:
    """An instance of the `json` form: `{"b64": …}`, or a field of that kind, stands for the bytes that it encodes."""
    if not isinstance(instance, dict):
        return instance
    if list(instance) == ["b64"]:
        return _base64(instance["b64"])
    return {
        key: _base64(value["b64"]) if isinstance(value, dict) and list(value) == ["b64"] else value
        for key, value in instance.items()
    }


def _base64(text: Any) -> bytes:
    try:
        return base64.b64decode(text)
    except (TypeError, ValueError, binascii.Error) as error:
        raise ClientMistake(f"service_envelope=json: what stands under 'b64' is no base64: {error}") from error
