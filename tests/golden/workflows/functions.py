def same(data, context):
    return data and [row.get("data") or row.get("body") for row in data]


def number(data, context):
    return data and [3 for _ in data]


def one(data, context):
    return data and [{"z": 1, "a": [1, 2.5]} for _ in data]


def join(data, context):
    if data is None:
        return None
    rows = [{name: bytes(value).decode() for name, value in row.items()} for row in data]
    return [str(sorted(row.items())) for row in rows]


def teapot(data, context):
    if data is None:
        return None
    context.set_response_status(code=418, idx=0)
    context.set_response_header(0, "x-model-note", "hi")
    return [b"short and stout" for _ in data]


def none(data, context):
    return data and [None for _ in data]


def fails(data, context):
    if data is None:
        return None
    raise ValueError("no: good")
