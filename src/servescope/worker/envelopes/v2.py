"""KServe's V2 protocol as its own clients speak it: bodies as they came, tensors in binary on both ways, the outputs that are
wanted.

In: rows whose `body` is bytes, and the header that says where its JSON ends. Out: bytes, and the headers that belong to them.
"""

from typing import Any

from servescope.wire.messages import V2Tensors, Writing
from servescope.worker.envelopes.arriving import Blobs
from servescope.worker.envelopes.base import ClientMistake, HandleFn, Row, document_of
from servescope.worker.envelopes.infer import WHO, read_request
from servescope.worker.envelopes.kservev2 import KServev2Envelope
from servescope.worker.envelopes.leaving import NoText, Output
from servescope.worker.replies.json_text import NoJson, json_bytes
from servescope.worker.replies.refusal import Refusal
from servescope.worker.requests.processor import CONTENT_TYPE

HEADER_LENGTH = "Inference-Header-Content-Length"
_JSON, _BINARY = "application/json", "application/octet-stream"


class V2Envelope(KServev2Envelope):
    """One request of the protocol. `version`: the model's, for the answer; its name is the context's."""

    def __init__(self, handle_fn: HandleFn, writing: Writing, v2: V2Tensors, version: str) -> None:
        super().__init__(handle_fn, writing, v2)
        self._version = version

    def parse_input(self, data: list[Row]) -> list[Row]:
        """Its inputs.

        Raises:
            ClientMistake: it is no request of the protocol, or asks for what is not there.
        """
        body = data[0].get("body", b"")
        length = _header_length(self.context.get_request_header(0, HEADER_LENGTH), len(body))
        view = memoryview(body)
        document = document_of(bytes(view[:length]), "inputs", WHO)
        inputs = self._begin(read_request(document, self._v2.numpy, Blobs(view[length:])))
        for name in self._request.wanted or {}:
            if name not in self._names:
                raise ClientMistake(f"{WHO}: there is no output {name!r:.80}; there are {', '.join(self._names)}")
        return inputs

    def format_output(self, data: Any) -> list[Any]:
        """One answer: JSON, or JSON and what was asked for in binary."""
        outputs = self._outputs(data)
        try:
            head, blobs = self._written(outputs)
        except (NoJson, NoText) as error:
            return [Refusal(500, str(error))]
        processor = self.context.request_processor[0]
        processor.add_response_property(CONTENT_TYPE, _BINARY if blobs else _JSON)
        if blobs:
            processor.add_response_property(HEADER_LENGTH, len(head))
        return [b"".join([head, *blobs])]

    def _written(self, outputs: list[Output]) -> tuple[bytes, list[bytes]]:
        """The answer's JSON, and what stands behind it."""
        documents, blobs = [], []
        for output in outputs:
            in_binary = self._request.asked_in_binary(output.name)
            if in_binary:
                blobs.append(output.binary())
                documents.append(_beside(output, len(blobs[-1])))
            elif in_binary is not None:
                documents.append(output.document())
        answer = {
            "model_name": self.context.model_name,
            "model_version": self._version,
            "id": self._id,
            "outputs": documents,
        }
        return json_bytes(answer, self._writing, indent=None), blobs


def _beside(output: Output, size: int) -> dict[str, Any]:
    return output.head() | {"parameters": {"binary_data_size": size}}


def _header_length(given: str | None, size: int) -> int:
    """Where the JSON ends: all of the body is JSON unless the client says otherwise."""
    if given is None:
        return size
    if not given.isascii() or not given.isdigit() or len(given) > 18:
        raise ClientMistake(f"{WHO}: {HEADER_LENGTH} is {given!r:.80}, which is no number of bytes")
    if int(given) > size:
        raise ClientMistake(f"{WHO}: {HEADER_LENGTH} is {given}, but the body has {size} bytes")
    return int(given)
