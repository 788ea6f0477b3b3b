"""`ts.protocol.otf_message_handler`: TorchServe's protocol between its front end and a worker.

In: a socket's bytes. Out: what they ask, as dicts; and replies, as bytes. Numbers are four bytes, the highest first. What has no
fixed length stands behind it; -1 in place of a length ends a list. `ts.model_service_worker` speaks it, and whoever tests a handler
as TorchServe's own front end would call it; this project's workers speak `servescope.wire`.
"""

import json
import logging
import os
import struct
import warnings

from servescope.worker.replies.outputs import BadOutput, encode_output

logger = logging.getLogger(__name__)

bool_size = 1
int_size = 4
END_OF_LIST = -1
LOAD_MSG = b"L"
PREDICT_MSG = b"I"
RESPONSE = 3
UNSUPPORTED = 503


def retrieve_msg(conn):
    """The next command, and what belongs to it: a dict to load, or a list of requests to predict.

    Raises:
        ValueError: another command.
        SystemExit: the other end has hung up.
    """
    command = _retrieve_buffer(conn, 1)
    if command == LOAD_MSG:
        return command, _retrieve_load_msg(conn)
    if command == PREDICT_MSG:
        return command, _retrieve_inference_msg(conn)
    raise ValueError(f"Invalid command: {bytes(command)!r}")


def create_load_model_response(code, message):
    """The reply to a command to load."""
    return _int(code) + _text(message) + _int(END_OF_LIST)


def create_predict_response(ret, req_id_map, message, code, context=None, ts_stream_next=False):
    """The reply to a command to predict; None in all ranks but the first.

    `ret` has an element a request of `req_id_map`, and is None for a batch that failed. With a `context`, each answer has the
    status and headers that were set there. With `ts_stream_next` more of it is to come; else the context's
    `stopping_criteria` say so.
    """
    if os.environ.get("LOCAL_RANK", "0") != "0":
        return None
    reply = _int(code) + _text(message)
    for index, request_id in req_id_map.items():
        if context is not None:
            _say_whether_it_goes_on(context, index, ret, ts_stream_next)
        try:
            body = b"error" if ret is None else encode_output(ret[index])
        except BadOutput as error:
            logger.warning("Unable to serialize model output.", exc_info=True)
            return create_predict_response(None, req_id_map, str(error), UNSUPPORTED)
        reply += _text(request_id) + _facts(context, index, code) + _int(len(body)) + body
    return reply + _int(END_OF_LIST)


def encode_response_headers(resp_hdr_map):
    """Headers of an answer."""
    pairs = bytearray().join(_text(name) + _text(value) for name, value in resp_hdr_map.items())
    return _int(len(resp_hdr_map)) + pairs


def send_intermediate_predict_response(ret, req_id_map, message, code, context=None) -> None:
    """Deprecated in TorchServe too; see `ts.handler_utils.utils`."""
    from ts.handler_utils import utils  # which imports this module

    warnings.warn(
        "import send_intermediate_predict_response from ts.handler_utils.utils", DeprecationWarning, stacklevel=2
    )
    utils.send_intermediate_predict_response(ret, req_id_map, message, code, context)


def _say_whether_it_goes_on(context, index, ret, more):
    if more is True:
        context.set_response_header(index, "ts_stream_next", "true")
    elif context.stopping_criteria:
        if (stop := context.stopping_criteria[index](ret[index])) is not None:
            context.set_response_header(index, "ts_stream_next", "false" if stop else "true")
    elif context.get_response_headers(index).get("ts_stream_next") == "true":
        context.set_response_header(index, "ts_stream_next", "false")


def _facts(context, index, code):
    """An answer's type, status, phrase and headers."""
    if context is None:
        return _text("") + _int(code) + _text("") + _int(0)
    status, phrase = context.get_response_status(index)
    return (
        _text(context.get_response_content_type(index) or "")
        + _int(200 if status is None else status)
        + _text(phrase or "")
        + encode_response_headers(context.get_response_headers(index))
    )


def _int(number):
    return bytearray(struct.pack("!i", number))


def _text(text):
    data = text.encode("utf-8")
    return _int(len(data)) + data


def _retrieve_buffer(conn, length):
    data = bytearray()
    while len(data) < length:
        piece = conn.recv(length - len(data))
        if len(piece) == 0:
            logger.info("Frontend disconnected.")
            raise SystemExit(0)
        data += piece
    return data


def _retrieve_int(conn):
    return struct.unpack("!i", _retrieve_buffer(conn, int_size))[0]


def _retrieve_bool(conn):
    return _retrieve_buffer(conn, bool_size) != b"\0"


def _retrieve_sized(conn):
    return _retrieve_buffer(conn, _retrieve_int(conn))


def _retrieve_list(conn, rest):
    """What stands in a list: `rest` reads an element, given the field that its length announces."""
    found = []
    while (length := _retrieve_int(conn)) != END_OF_LIST:
        found.append(rest(conn, _retrieve_buffer(conn, length)))
    return found


def _retrieve_load_msg(conn):
    msg = {"modelName": _retrieve_sized(conn), "modelPath": _retrieve_sized(conn), "batchSize": _retrieve_int(conn)}
    msg["handler"] = _retrieve_sized(conn)
    if (gpu := _retrieve_int(conn)) >= 0:
        msg["gpu"] = gpu
    msg["envelope"] = _retrieve_sized(conn)
    msg["limitMaxImagePixels"] = _retrieve_bool(conn)
    return msg


def _retrieve_inference_msg(conn):
    return _retrieve_list(conn, _retrieve_request)


def _retrieve_request(conn, request_id):
    headers = _retrieve_list(conn, lambda conn, name: {"name": name, "value": _retrieve_sized(conn)})
    return {"requestId": request_id, "headers": headers, "parameters": _retrieve_list(conn, _retrieve_input_data)}


def _retrieve_input_data(conn, name):
    content_type = _retrieve_sized(conn).decode("utf-8")
    value = _retrieve_sized(conn)
    return {"name": name.decode("utf-8"), "contentType": content_type, "value": _decoded(value, content_type)}


def _decoded(value, content_type):
    """JSON and text as such, unless the server's `decode_input_request` is off, or they are none."""
    if os.environ.get("TS_DECODE_INPUT_REQUEST", "true") != "true":
        return value
    try:
        if content_type == "application/json":
            return json.loads(value.decode("utf-8"))
        return value.decode("utf-8") if content_type.startswith("text") else value
    except (ValueError, RecursionError):
        logger.warning("The input is no %s, and is given to the handler as it is", content_type, exc_info=True)
        return value
