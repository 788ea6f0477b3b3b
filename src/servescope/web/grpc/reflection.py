"""gRPC's server reflection: what services and messages there are, for clients that have no .proto file. Made by `ports`.

A message of a stream in, its answer out; nobody needs a token for what stands in public files.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from grpc import StatusCode

from servescope.errors import BadRequest, ServescopeError
from servescope.web.grpc.call import Call
from servescope.web.grpc.services import Stream

_NOT_FOUND: int = StatusCode.NOT_FOUND.value[0]
_UNKNOWN_EXTENSIONS = "There are no extensions here."


class ReflectionService:
    """`names`: the services of this port."""

    def __init__(self, pool: DescriptorPool, names: Sequence[str]) -> None:
        self._pool = pool
        self._names = names

    async def server_reflection_info(self, stream: Stream) -> None:
        """Any number of questions, each with its answer."""
        async for call in stream.calls():
            try:
                await call.write(self._answer(call))
            except ServescopeError as error:
                await call.fail(error)
            finally:
                call.left()

    def _answer(self, call: Call) -> bytes:
        asked = call.message()
        answer = call.method.response(valid_host=asked.host, original_request=asked)
        kind = asked.WhichOneof("message_request")
        if kind == "list_services":
            for name in self._names:
                answer.list_services_response.service.add(name=name)
        elif kind == "file_by_filename":
            self._tell(answer, self._pool.FindFileByName, asked.file_by_filename)
        elif kind == "file_containing_symbol":
            self._tell(answer, self._pool.FindFileContainingSymbol, asked.file_containing_symbol)
        elif kind == "all_extension_numbers_of_type":
            self._tell_of_extensions(answer, asked.all_extension_numbers_of_type)
        elif kind == "file_containing_extension":
            _refuse(answer, _UNKNOWN_EXTENSIONS)
        else:
            raise BadRequest("A reflection request asks for nothing.")
        return call.answer_with(200, answer)

    def _tell(self, answer: Any, find: Callable[[str], FileDescriptor], name: str) -> None:
        try:
            files = {file.name: file.serialized_pb for file in _with_imports(find(name))}
        except KeyError:
            _refuse(answer, f"There is no {name!r:.200} here.")
            return
        answer.file_descriptor_response.file_descriptor_proto.extend(files.values())

    def _tell_of_extensions(self, answer: Any, name: str) -> None:
        try:
            self._pool.FindMessageTypeByName(name)
        except KeyError:
            _refuse(answer, f"There is no message {name!r:.200} here.")
            return
        answer.all_extension_numbers_response.base_type_name = name


def _refuse(answer: Any, words: str) -> None:
    answer.error_response.error_code = _NOT_FOUND
    answer.error_response.error_message = words


def _with_imports(file: FileDescriptor) -> Iterator[FileDescriptor]:
    yield file
    for imported in file.dependencies:
        yield from _with_imports(imported)
