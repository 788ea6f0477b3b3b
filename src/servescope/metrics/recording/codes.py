"""Status codes: what those of the server's own say, and, as label values, which have series of their own in any case, and what
stands for the others once they are too many.
"""

HUNG_UP = 499  # counted where the client left before its answer's end
FRONT_END_LOST = 502  # counted where the front end that spoke with the client ended; the client saw its connection end
DEADLINE = 408  # the server's own: no answer within the model's clientTimeoutInMills

# Of a model shown from the first scrape on, so that rates and alerts work before the first such answer; never folded.
USUAL_CODES = (200, 400, 408, 499, 500, 503, 507)


def code_class(code: int) -> str:
    """`5xx` for 502: codes are folded so that what asks for `code=~"5.."`, as the error rate does, still finds them all."""
    return f"{code // 100}xx"
