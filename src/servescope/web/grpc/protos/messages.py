"""The message classes of our services, and each method's types. Made once, at the start of a server with gRPC.

In a pool of descriptors of its own: a client's stubs for the same messages may be loaded in the same process.
"""

from dataclasses import dataclass
from importlib import resources
from typing import Any

from google.protobuf import empty_pb2
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from servescope.web.grpc.protos.schema import read_proto

INFERENCE = "org.pytorch.serve.grpc.inference.InferenceAPIsService"
MANAGEMENT = "org.pytorch.serve.grpc.management.ManagementAPIsService"
HEALTH = "grpc.health.v1.Health"
KSERVE = "inference.GRPCInferenceService"
OPEN_INFERENCE = "org.pytorch.serve.grpc.openinference.GRPCInferenceService"
REFLECTION = "grpc.reflection.v1.ServerReflection"
REFLECTION_ALPHA = "grpc.reflection.v1alpha.ServerReflection"

FILES = ("inference.proto", "management.proto", "health.proto", "kserve.proto", "reflection.proto")
# The same messages and methods under another package as well: a file, its name there, the package.
AGAIN = (
    ("kserve.proto", "open_inference_grpc.proto", "org.pytorch.serve.grpc.openinference"),
    ("reflection.proto", "reflection_alpha.proto", "grpc.reflection.v1alpha"),
)


@dataclass(frozen=True)
class Method:
    """One method of a service. `name`: the full one, `way`: HTTP's method and path; `target`: the name as the access log has it.

    `asks`: it is asked with any number of messages. `streams`: it answers in pieces.
    """

    name: str
    way: tuple[str, str]
    target: bytes
    request: type[Any]
    response: type[Any]
    asks: bool
    streams: bool

    @property
    def path(self) -> str:
        """Its path in HTTP/2."""
        return self.way[1]


class Messages:
    """All that our .proto files declare."""

    def __init__(self) -> None:
        self.pool = DescriptorPool()
        self.pool.AddSerializedFile(empty_pb2.DESCRIPTOR.serialized_pb)
        for name in FILES:
            self.pool.Add(read_proto(name, proto_text(name)))
        for name, other, package in AGAIN:
            file = read_proto(name, proto_text(name))
            file.name, file.package = other, package
            self.pool.Add(file)

    def methods(self, service: str) -> dict[str, Method]:
        """A service's methods by their short names."""
        return {
            method.name: Method(
                f"{service}/{method.name}",
                ("POST", f"/{service}/{method.name}"),
                f"{service}/{method.name}".encode(),
                GetMessageClass(method.input_type),
                GetMessageClass(method.output_type),
                method.client_streaming,
                method.server_streaming,
            )
            for method in self.pool.FindServiceByName(service).methods
        }


def proto_text(name: str) -> str:
    """One of our .proto files."""
    return (resources.files("servescope.web.grpc.protos") / name).read_text(encoding="utf-8")
