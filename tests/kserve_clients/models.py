"""Handlers that speak KServe's V2 protocol, as texts for archives."""

ECHO_TENSORS = """
def handle(data, context):
    if data is None:
        return None
    return [one["data"] for one in data]
"""
# Says what it was given: an array, of which datatype and shape.
ARRAYS = """
def handle(data, context):
    if data is None:
        return None
    (one,) = data
    assert type(one["data"]).__name__ == "ndarray"
    return [one["data"], str(one["data"].dtype)]
"""
DECLARED = """
v2:
  tensors: numpy
  platform: onnx
  inputs:
    - {name: x, datatype: FP32, shape: [-1, 2]}
  outputs:
    - {name: same, datatype: FP32, shape: [-1, 2]}
    - {name: dtype, datatype: BYTES, shape: [1]}
"""
