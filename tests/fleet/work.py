"""Work for a worker, in the place of a request: notes what becomes of it."""

from servescope.wire.messages import Batch, Request


class Work:
    """A batch of one request."""

    def __init__(self, number, request_id="r"):
        self.id = number
        self.request_ids = [f"{request_id}{number}"]
        self.replies = []
        self.late_replies = []
        self.error = None
        self.given_back = False

    @property
    def message(self):
        return Batch(self.id, [Request(self.request_ids[0], [], {}, [])])

    def replied(self, reply, attachments):
        self.replies.append(reply)

    def late(self, reply):
        assert self.error is not None
        self.late_replies.append(reply)

    def failed(self, error):
        assert self.error is None
        self.error = error

    def returned(self):
        self.given_back = True
