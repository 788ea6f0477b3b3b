"""`io.prometheus.client.MetricFamily` for Google's protobuf package, so that the tests read what the server writes.

The fields and their numbers are those of https://github.com/prometheus/client_model, as far as the server uses them.
"""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.unknown_fields import UnknownFieldSet

PACKAGE = "io.prometheus.client"
Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "double": Field.TYPE_DOUBLE, "uint64": Field.TYPE_UINT64, "string": Field.TYPE_STRING, "int32": Field.TYPE_INT32,
    "sint32": Field.TYPE_SINT32, "sint64": Field.TYPE_SINT64, "uint32": Field.TYPE_UINT32, "int64": Field.TYPE_INT64,
}  # fmt: skip
_MESSAGES = {
    "Timestamp": ["seconds:int64=1", "nanos:int32=2"],
    "LabelPair": ["name:string=1", "value:string=2"],
    "Gauge": ["value:double=1"],
    "Counter": ["value:double=1"],
    "Untyped": ["value:double=1"],
    "Summary": ["sample_count:uint64=1", "sample_sum:double=2"],
    "Exemplar": ["label:LabelPair*=1", "value:double=2", "timestamp:Timestamp=3"],
    "Bucket": ["cumulative_count:uint64=1", "upper_bound:double=2", "exemplar:Exemplar=3"],
    "BucketSpan": ["offset:sint32=1", "length:uint32=2"],
    "Histogram": [
        "sample_count:uint64=1", "sample_sum:double=2", "bucket:Bucket*=3", "schema:sint32=5", "zero_threshold:double=6",
        "zero_count:uint64=7", "negative_span:BucketSpan*=9", "negative_delta:sint64*=10", "positive_span:BucketSpan*=12",
        "positive_delta:sint64*=13",
    ],
    "Metric": [
        "label:LabelPair*=1", "gauge:Gauge=2", "counter:Counter=3", "summary:Summary=4", "untyped:Untyped=5",
        "histogram:Histogram=7",
    ],
    "MetricFamily": ["name:string=1", "help:string=2", "type:MetricType=3", "metric:Metric*=4", "unit:string=5"],
}  # fmt: skip
_TYPES = ("counter", "gauge", "summary", "untyped", "histogram")


def _family_class():
    file = descriptor_pb2.FileDescriptorProto(name="metrics.proto", package=PACKAGE, syntax="proto2")
    types = file.enum_type.add(name="MetricType")
    for number, name in enumerate(_TYPES):
        types.value.add(name=name.upper(), number=number)
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for text in fields:
            field, _, rest = text.partition(":")
            kind, _, number = rest.partition("=")
            added = message.field.add(name=field, number=int(number), label=Field.LABEL_OPTIONAL)
            if kind.endswith("*"):
                added.label = Field.LABEL_REPEATED
            kind = kind.rstrip("*")
            if kind in _SCALARS:
                added.type = _SCALARS[kind]
            else:
                added.type = Field.TYPE_ENUM if kind == "MetricType" else Field.TYPE_MESSAGE
                added.type_name = f".{PACKAGE}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.MetricFamily"))


MetricFamily = _family_class()


def read_families(data: bytes) -> list:
    """The families of an exposition, each of which stands after its length."""
    families = []
    at = 0
    while at < len(data):
        size = shift = 0
        while True:
            byte = data[at]
            at += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        family = MetricFamily()
        assert at + size <= len(data)
        family.ParseFromString(data[at : at + size])
        assert not unknown_fields(family)
        families.append(family)
        at += size
    return families


def unknown_fields(message) -> bool:
    """Whether a message, or one inside it, has fields that its descriptor does not know."""
    if len(UnknownFieldSet(message)):
        return True
    nested = [value for field, value in message.ListFields() if field.type == Field.TYPE_MESSAGE]
    return any(unknown_fields(one) for value in nested for one in ([value] if hasattr(value, "ListFields") else value))


def kind_of(family) -> str:
    return _TYPES[family.type]


def native_buckets(spans, deltas) -> dict[int, int]:
    """Counts by bucket index."""
    counts = {}
    index = count = 0
    left = iter(deltas)
    for span in spans:
        index += span.offset
        for _ in range(span.length):
            count += next(left)
            counts[index] = count
            index += 1
    assert next(left, None) is None
    return counts
