"""Our reader of .proto files."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from hypothesis import given
from hypothesis import strategies as st

from servescope.web.grpc.protos.messages import FILES, HEALTH, INFERENCE, MANAGEMENT, Messages, proto_text
from servescope.web.grpc.protos.schema import Malformed, read_proto

PROTOS = Path(__file__).parents[4] / "src" / "servescope" / "web" / "grpc" / "protos"


def test_every_file_that_is_there_is_read():
    """No .proto file lies about that no server knows."""
    assert sorted(path.name for path in PROTOS.glob("*.proto")) == sorted(FILES)


@pytest.mark.skipif(find_spec("grpc_tools") is None, reason="grpcio-tools is not installed: make test-grpc has it")
@pytest.mark.parametrize("name", FILES)
def test_it_reads_what_protoc_reads(name: str, tmp_path: Path):
    """The descriptors are those of the real compiler, which writes JSON's names too, though they follow from the others."""
    from grpc_tools import protoc

    out = tmp_path / "set"
    builtin = Path(protoc.__file__).parent / "_proto"
    assert protoc.main(["protoc", f"-I{PROTOS}", f"-I{builtin}", f"--descriptor_set_out={out}", name]) == 0
    (compiled,) = FileDescriptorSet.FromString(out.read_bytes()).file
    read = FileDescriptorProto()
    Messages().pool.FindFileByName(name).CopyToProto(read)
    pool = DescriptorPool()
    from google.protobuf import empty_pb2

    pool.AddSerializedFile(empty_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(compiled)
    again = FileDescriptorProto()
    pool.FindFileByName(name).CopyToProto(again)
    assert str(read) == re.sub(r"\n *json_name: .*", "", str(again))


@pytest.mark.parametrize(
    ("service", "names"),
    [
        (INFERENCE, "Ping Predictions StreamPredictions StreamPredictions2"),
        (MANAGEMENT, "DescribeModel ListModels RegisterModel ScaleWorker SetDefault UnregisterModel"),
        (HEALTH, "Check"),
    ],
)
def test_the_methods_of_each_service(service: str, names: str):
    """By their names; only both of StreamPredictions stream."""
    methods = Messages().methods(service)
    assert sorted(methods) == sorted(names.split())
    assert [name for name, method in methods.items() if method.streams] == [
        name for name in names.split() if name.startswith("Stream")
    ]


def test_a_request_on_the_wire():
    """The contract's field numbers: a TorchServe client's bytes are understood."""
    request = Messages().methods(INFERENCE)["Predictions"].request
    data = b"\x0a\x01m\x12\x011\x1a\x06\x0a\x01a\x12\x01x"
    read = request.FromString(data)
    assert (read.model_name, read.model_version, dict(read.input)) == ("m", "1", {"a": b"x"})
    assert read.SerializeToString() == data


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("message A {", "ends too early"),
        ("message A { string a 1; }", "'1' stands where '=' should"),
        ("service S { option x = 1; }", "'option' stands in a service"),
        ("option x = 1;", "'option' begins nothing that is known"),
        ("message A { string a = 1; } $", "'$' is not understood"),
    ],
)
def test_what_it_does_not_know_is_refused(text: str, words: str):
    """With the file's name and the word."""
    with pytest.raises(Malformed, match=r"^x\.proto: ") as caught:
        read_proto("x.proto", text)
    assert words in str(caught.value)


@given(st.text(), st.integers(0, 2000), st.sampled_from(FILES))
def test_damaged_files_are_refused_or_read(text: str, place: int, name: str):
    """Nothing but `Malformed` comes of whatever stands in a file."""
    whole = proto_text(name)
    try:
        read_proto(name, whole[:place] + text + whole[place:])
    except Malformed:
        pass
