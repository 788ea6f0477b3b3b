"""`ts.protocol.otf_message_handler`: the old home of `send_intermediate_predict_response`."""

import warnings

from ts.handler_utils import utils


def send_intermediate_predict_response(ret, req_id_map, message, code, context=None) -> None:
    """Deprecated in TorchServe too; see `ts.handler_utils.utils`."""
    warnings.warn(
        "import send_intermediate_predict_response from ts.handler_utils.utils", DeprecationWarning, stacklevel=2
    )
    utils.send_intermediate_predict_response(ret, req_id_map, message, code, context)
