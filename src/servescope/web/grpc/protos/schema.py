"""The messages and services of our .proto files: in, their text; out, protobuf's descriptors.

Read at the start, with as much of the language as these files use. So there is no generated code to keep, which would be tied to
the version of protobuf that it was made for, and a server needs no compiler; tests hold this against the real one's output.
"""

import re
from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    ServiceDescriptorProto,
)

_TOKEN = re.compile(r'\s+|//[^\n]*|("[^"]*"|[\w.]+|[{}()<>=;,])')
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_SCALARS = {
    name: FieldDescriptorProto.Type.Value(f"TYPE_{name.upper()}")
    for name in ("string", "bytes", "bool", "int32", "int64", "uint32", "uint64", "float", "double")
}


class Malformed(ValueError):
    """A .proto file that cannot be read; the text says where."""


def read_proto(name: str, text: str) -> FileDescriptorProto:
    """A file's descriptor. `name`: what other files import it as.

    Raises:
        Malformed: it is not written in the part of the language that is known here.
    """
    return _Reader(name, text).file()


class _Reader:
    """The words of a file, taken one after the other."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._words = _words(name, text)
        self._next = next(self._words, "")

    def file(self) -> FileDescriptorProto:
        file = FileDescriptorProto(name=self._name)
        while self._next:
            word = self._take()
            if word == "syntax":
                self._expect("=")
                file.syntax = self._take().strip('"')
                self._expect(";")
            elif word == "package":
                file.package = self._statement()
            elif word == "import":
                file.dependency.append(self._statement().strip('"'))
            elif word == "message":
                self._message(file.message_type.add())
            elif word == "service":
                self._service(file.service.add())
            else:
                raise Malformed(f"{self._name}: {word!r} begins nothing that is known")
        return file

    def _message(self, message: DescriptorProto) -> None:
        message.name = self._take()
        for word in self._block():
            if word == "enum":
                self._enum(message.enum_type.add())
            elif word == "map":
                self._map(message)
            elif word == "oneof":
                self._choice(message)
            elif word == "message":
                self._message(message.nested_type.add())
            else:
                self._field(message.field.add(), word, message)

    def _field(self, field: FieldDescriptorProto, word: str, message: DescriptorProto) -> None:
        optional = word == "optional"
        word = self._take() if optional else word
        field.label = FieldDescriptorProto.LABEL_OPTIONAL
        if word == "repeated":
            field.label, word = FieldDescriptorProto.LABEL_REPEATED, self._take()
        self._typed(field, word)
        field.name = self._take()
        field.number = self._number()
        if optional:  # which is written as a choice of one
            field.proto3_optional, field.oneof_index = True, len(message.oneof_decl)
            message.oneof_decl.add(name=f"_{field.name}")

    def _choice(self, message: DescriptorProto) -> None:
        """Fields of which one is there at most."""
        place = len(message.oneof_decl)
        message.oneof_decl.add(name=self._take())
        for word in self._block():
            field = message.field.add()
            self._field(field, word, message)
            field.oneof_index = place

    def _map(self, message: DescriptorProto) -> None:
        """A map is repeated entries on the wire, of a message type of its own."""
        self._expect("<")
        key = self._take()
        self._expect(",")
        value = self._take()
        self._expect(">")
        field = message.field.add(name=self._take(), label=FieldDescriptorProto.LABEL_REPEATED)
        field.number = self._number()
        entry = message.nested_type.add(name="".join(part.capitalize() for part in field.name.split("_")) + "Entry")
        entry.options.map_entry = True
        for number, (name, kind) in enumerate((("key", key), ("value", value)), 1):
            self._typed(entry.field.add(name=name, number=number, label=FieldDescriptorProto.LABEL_OPTIONAL), kind)
        field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, entry.name

    def _typed(self, field: FieldDescriptorProto, word: str) -> None:
        if word in _SCALARS:
            field.type = _SCALARS[word]
        else:
            field.type_name = word  # a message or an enum: the pool finds out which

    def _enum(self, enum: EnumDescriptorProto) -> None:
        enum.name = self._take()
        for word in self._block():
            enum.value.add(name=word).number = self._number()

    def _service(self, service: ServiceDescriptorProto) -> None:
        service.name = self._take()
        for word in self._block():
            if word != "rpc":
                raise Malformed(f"{self._name}: {word!r} stands in a service, where only rpc is known")
            method = service.method.add(name=self._take())
            method.input_type, many = self._type()
            self._expect("returns")
            method.output_type, streams = self._type()
            if many:
                method.client_streaming = True
            if streams:
                method.server_streaming = True
            self._expect(";")

    def _type(self) -> tuple[str, bool]:
        """What a method takes or returns, and whether many of it."""
        self._expect("(")
        word = self._take()
        streams = word == "stream"
        word = self._take() if streams else word
        self._expect(")")
        return word, streams

    def _block(self) -> Iterator[str]:
        """The first word of each thing between braces."""
        self._expect("{")
        while (word := self._take()) != "}":
            yield word

    def _number(self) -> int:
        self._expect("=")
        if not _NUMBER.fullmatch(word := self._statement()):
            raise Malformed(f"{self._name}: {word!r} stands where a number should")
        return int(word)

    def _statement(self) -> str:
        word = self._take()
        self._expect(";")
        return word

    def _expect(self, wanted: str) -> None:
        if (word := self._take()) != wanted:
            raise Malformed(f"{self._name}: {word!r} stands where {wanted!r} should")

    def _take(self) -> str:
        if not (word := self._next):
            raise Malformed(f"{self._name}: it ends too early")
        self._next = next(self._words, "")
        return word


def _words(name: str, text: str) -> Iterator[str]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise Malformed(f"{name}: {text[place : place + 20]!r} is not understood")
        place = found.end()
        if found[1]:
            yield found[1]
