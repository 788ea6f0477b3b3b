"""`ts.handler_utils.utils`: streaming a part of an answer, and importing a class by its name."""

import importlib

from ts.protocol.otf_message_handler import create_predict_response


def send_intermediate_predict_response(ret, req_id_map, message, code, context) -> None:
    """Send the next piece of every request's answer; the handler's return value is the last one.

    `ret` is a list with one element a request. `req_id_map` and `message` are for TorchServe's front end alone.

    Raises:
        RuntimeError: outside of a call that a worker made.
    """
    if (send := getattr(context, "send_partial", None)) is not None:
        send(ret, code)
    elif (front_end := getattr(context, "cl_socket", None)) is not None:
        if (piece := create_predict_response(ret, req_id_map, message, code, context, True)) is not None:
            front_end.sendall(piece)
    else:
        raise RuntimeError("send_intermediate_predict_response needs the context of a batch that a worker handles")


def import_class(class_name: str, module_prefix=None):
    """The class of a dotted name, looked for under the package `module_prefix` where one is given.

    Raises:
        ImportError: no such module, or no such class in it.
    """
    module_name, _, name = class_name.rpartition(".")
    full_name = ".".join(part for part in (module_prefix, module_name) if part)
    if not full_name:
        raise ImportError(f"{class_name!r} names no module")
    module = importlib.import_module(full_name)
    try:
        return getattr(module, name)
    except AttributeError as error:
        raise ImportError(f"there is no {name!r} in {full_name}") from error
