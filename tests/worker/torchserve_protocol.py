"""TorchServe's protocol between front end and worker, as its front end writes and reads it."""

import struct

_END = struct.pack("!i", -1)

END = struct.pack("!i", -1)


def sized(data):
    return struct.pack("!i", len(data)) + data


def load(name=b"m", path=b"/d", handler=b"h.py", gpu=-1, envelope=b"", limit=True):
    """A command to load, as TorchServe's front end writes it."""
    facts = sized(name) + sized(path) + struct.pack("!i", 4) + sized(handler) + struct.pack("!i", gpu)
    return b"L" + facts + sized(envelope) + bytes([limit])


def predict(*requests):
    """A command to predict: of each request its id, its headers, and its fields with their types."""
    command = b"I"
    for request_id, headers, fields in requests:
        command += sized(request_id) + b"".join(sized(name) + sized(value) for name, value in headers.items()) + END
        command += b"".join(sized(name) + sized(kind) + sized(value) for name, kind, value in fields) + END
    return command + END


def read_reply(data):
    """A reply's code, its text, and of each answer its id, type, status, phrase, headers and body."""
    position = 0

    def number():
        nonlocal position
        position += 4
        return struct.unpack("!i", data[position - 4 : position])[0]

    def taken(length):
        nonlocal position
        position += length
        return bytes(data[position - length : position])

    code, text = number(), taken(number()).decode()
    answers = []
    while (length := number()) != -1:
        head = [taken(length).decode(), taken(number()).decode(), number(), taken(number()).decode()]
        headers = {taken(number()).decode(): taken(number()).decode() for _ in range(number())}
        answers.append((*head, headers, taken(number())))
    return code, text, answers


def read_replies(connection, count):
    """So many, from a socket, which may give several at once."""
    data = b""
    while data.count(_END) < count:
        data += connection.recv(1000)
    return [read_reply(one + _END) for one in data.split(_END)[:count]]
