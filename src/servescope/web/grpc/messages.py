"""The message classes of our services, and each method's types. Made once, at the start of a server with gRPC.

In a pool of descriptors of its own: a client's stubs for the same messages may be loaded in the same process.
"""

from dataclasses import dataclass
from importlib import resources
from typing import Any

from google.protobuf import empty_pb2
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from servescope.web.grpc.schema import read_proto

INFERENCE = "org.pytorch.serve.grpc.inference.InferenceAPIsService"
MANAGEMENT = "org.pytorch.serve.grpc.management.ManagementAPIsService"
HEALTH = "grpc.health.v1.Health"

FILES = ("inference.proto", "management.proto", "health.proto")


@dataclass(frozen=True)
class Method:
    """One method of a service. `name`: the full one, without the slash at the beginning. `streams`: it answers in pieces."""

    name: str
    request: type[Any]
    response: type[Any]
    streams: bool


class Messages:
    """All that our .proto files declare."""

    def __init__(self) -> None:
        self.pool = DescriptorPool()
        self.pool.AddSerializedFile(empty_pb2.DESCRIPTOR.serialized_pb)
        for name in FILES:
            self.pool.Add(read_proto(name, proto_text(name)))

    def methods(self, service: str) -> dict[str, Method]:
        """A service's methods by their short names."""
        return {
            method.name: Method(
                f"{service}/{method.name}",
                GetMessageClass(method.input_type),
                GetMessageClass(method.output_type),
                method.server_streaming,
            )
            for method in self.pool.FindServiceByName(service).methods
        }


def proto_text(name: str) -> str:
    """One of our .proto files."""
    return (resources.files("servescope.web.grpc.protos") / name).read_text(encoding="utf-8")
