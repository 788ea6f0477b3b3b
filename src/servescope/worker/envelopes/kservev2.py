"""The envelope kservev2: TorchServe's form of KServe's V2 requests, whose bodies are JSON. `v2` builds on it.

Each input of a request is a row of the handler's; each of its results is an output.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from servescope.wire.messages import V2Tensors, Writing
from servescope.worker.envelopes.base import BaseEnvelope, HandleFn, Row, body_of, document_of
from servescope.worker.envelopes.infer import WHO, InferRequest, read_request
from servescope.worker.envelopes.leaving import Output, output_of
from servescope.worker.replies.json_text import AS_BEFORE
from servescope.worker.replies.outputs import INVALID_OUTPUT, BadOutput

_LISTS = V2Tensors()


class KServev2Envelope(BaseEnvelope):
    """`kservev2`: outputs are called as the inputs in their places, unless `v2` declares outputs."""

    alone: ClassVar[bool] = True

    def __init__(self, handle_fn: HandleFn, writing: Writing = AS_BEFORE, v2: V2Tensors = _LISTS) -> None:
        super().__init__(handle_fn, writing)
        self._v2 = v2
        self._request = InferRequest()

    def parse_input(self, data: list[Row]) -> list[Row]:
        """The first request's inputs; see `infer`."""
        return self._begin(read_request(document_of(body_of(data[0]), "inputs", WHO), self._v2.numpy))

    def _begin(self, request: InferRequest) -> list[Row]:
        self._request = request
        self.context.input_parameters = request.parameters
        return request.inputs

    def format_output(self, data: Any) -> list[Any]:
        """One answer with all outputs."""
        model = self.context.manifest.get("model", {})
        return [
            {
                "id": self._id,
                "model_name": model.get("modelName"),
                "model_version": model.get("modelVersion"),
                "outputs": [output.document() for output in self._outputs(data)],
            }
        ]

    @property
    def _id(self) -> Any:
        """The client's, or else the request's own."""
        given = self._request.id
        return given if given is not None else self.context.get_request_id(0)

    @property
    def _names(self) -> list[str]:
        """What outputs may be called."""
        return [name for name, _ in self._v2.outputs] or self._request.names

    def _outputs(self, results: Any) -> list[Output]:
        """Fewer than there are names is as many as there are.

        Raises:
            BadOutput: the handler did not return a result each.
            ValueError: it returned more than there are names for.
        """
        values = _listed(results)
        names, declared = self._names, [datatype for _, datatype in self._v2.outputs]
        if len(values) > len(names):
            what = (
                "declared outputs"
                if declared
                else "inputs, after which outputs are called (v2.outputs declares others)"
            )
            raise ValueError(f"The handler returned {len(values)} outputs; there are {len(names)} {what}")
        datatypes = declared or [""] * len(names)
        return [output_of(*one) for one in zip(names, values, datatypes, strict=False)]


def _listed(results: Any) -> Sequence[Any]:
    if isinstance(results, list | tuple):
        return results
    if getattr(results, "ndim", 0):  # an array or tensor, whose first dimension are the inputs
        return list(results)
    raise BadOutput(INVALID_OUTPUT)
