"""A compressed request body → the body, bounded as any other. Called by `app` for requests that have a Content-Encoding.

In: the header and the pieces that came. Out: the body's pieces, made in slices, between which the port's other clients have their
turns: a few kilobytes may stand for megabytes.
"""

import zlib
from collections.abc import Generator, Iterator, Sequence

from servescope.errors import BadRequest, BodyTooLarge, UnsupportedEncoding
from servescope.web.http.request import BodyPiece, Request
from servescope.wire.frames import INLINE_LIMIT
from servescope.wire.spooled.body import Spooled, spool

SLICE = 256 * 1024
_MOST_CODINGS = 3  # one is usual; a body may be written so that each decoding gives the same again
_GZIP = 16 + zlib.MAX_WBITS
_ZLIB = zlib.MAX_WBITS
_BARE = -zlib.MAX_WBITS
_NAMES = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}

Slices = Generator[None, None, list[BodyPiece]]


def decode_body(request: Request, limit: int, *, spools: bool = False) -> Slices:
    """Decode a request's body in place, and take the header that said so away. What is yielded means: somebody else's turn.

    `limit`: bytes of the largest body. `spools`: a large one is to be in memory of its own (`wire.spooled`). `request.size` stays
    what came.

    Raises:
        UnsupportedEncoding: a coding that is neither gzip nor deflate nor identity, or too many of them.
        BodyTooLarge: it is over the limit.
        BadRequest: it is not what its header says.
    """
    body = request.body
    for coding in reversed(codings_of(request.content_encoding)):
        body = yield from _decoded(coding, body, limit, spools=spools)
    request.body = body
    size = b"%d" % sum(map(len, body))
    request.headers = [
        (name, size if name.lower() == b"content-length" else value)
        for name, value in request.headers
        if name.lower() != b"content-encoding"
    ]
    return body


def codings_of(header: bytes) -> list[str]:
    """What was done to a body, in the order in which it was done, without `identity`.

    Raises:
        UnsupportedEncoding: see `decode_body`.
    """
    words = [word.strip() for word in header.decode("latin-1").lower().split(",")]
    given = [word for word in words if word and word != "identity"]
    for word in given:
        if word not in _NAMES:
            raise UnsupportedEncoding(
                f"Content-Encoding {word!r:.80} is not supported: send gzip, deflate or identity."
            )
    if len(given) > _MOST_CODINGS:
        raise UnsupportedEncoding(f"Content-Encoding names {len(given)} codings; at most {_MOST_CODINGS} are undone.")
    return [_NAMES[word] for word in given]


class _Undoing:
    """One coding of a body, undone step by step. `head`: the body's first two bytes, which tell zlib's deflate from bare
    deflate.
    """

    def __init__(self, coding: str, head: bytes) -> None:
        self._coding = coding
        self._bits = _GZIP if coding == "gzip" else _ZLIB if _has_zlib_header(head) else _BARE
        self._inflater = zlib.decompressobj(self._bits)
        self._within = False  # a member of a gzip body, or the one stream of the others

    def step(self, data: bytes) -> tuple[bytes, bytes]:
        """At most a slice of the body, and what is left of `data`.

        Raises:
            BadRequest: it is not so encoded.
        """
        if not self._within and not (data := self._begin(data)):
            return b"", b""
        inflater = self._inflater
        try:
            out = inflater.decompress(data, SLICE)
        except zlib.error as error:
            raise self._refusal(str(error)) from error
        self._within = not inflater.eof
        return out, inflater.unconsumed_tail if self._within else inflater.unused_data

    def end(self) -> None:
        """No more comes. Raises: BadRequest where there should."""
        if self._within:
            raise self._refusal("it is cut short")

    def _begin(self, data: bytes) -> bytes:
        """Before the first member, or after one: gzip's may follow each other, and zeros may fill up the last block."""
        if self._inflater.eof:
            data = data.lstrip(b"\0")
            if data and self._bits != _GZIP:
                raise self._refusal(f"{len(data)} bytes follow its end")
            if data:
                self._inflater = zlib.decompressobj(self._bits)
        return data

    def _refusal(self, why: str) -> BadRequest:
        return BadRequest(f"The request's body is not what its Content-Encoding ({self._coding}) says: {why}")


def _decoded(coding: str, pieces: Sequence[BodyPiece], limit: int, *, spools: bool) -> Slices:
    """One coding undone. An empty body stays one: there was nothing to encode."""
    undoing = _Undoing(coding, _head(pieces))
    found: list[BodyPiece] = []
    gathered = bytearray()  # so that many small members do not become as many pieces
    total = since = 0
    for piece in _windows(pieces):
        data, more = piece, True
        while data or more:
            before = len(data)
            out, data = undoing.step(data)
            more = len(out) == SLICE  # of what it has taken in there may be some more
            total += len(out)
            since += len(out) + before - len(data)
            if total > limit:
                raise BodyTooLarge(limit, f"The request's body, its Content-Encoding ({coding}) undone,")
            gathered += out
            if len(gathered) >= SLICE:
                found.append(bytes(gathered))
                gathered.clear()
                spools = spools and spool(found)
            if since >= SLICE:
                since = 0
                yield
    undoing.end()
    if gathered:
        found.append(bytes(gathered))
        if spools and total > INLINE_LIMIT:
            spool(found)
    return found


def _head(pieces: Sequence[BodyPiece]) -> bytes:
    """The first two bytes."""
    return b"".join([piece.read(0, 2) if isinstance(piece, Spooled) else piece[:2] for piece in pieces[:2]])[:2]


def _windows(pieces: Sequence[BodyPiece]) -> Iterator[bytes]:
    """All bytes, in pieces that are not large."""
    for piece in pieces:
        if isinstance(piece, Spooled):
            yield from piece.windows()
        else:
            yield piece


def _has_zlib_header(head: bytes) -> bool:
    """Some clients send deflate without the header that HTTP's has (RFC 9110, 8.4.1.2)."""
    return len(head) == 2 and head[0] & 15 == zlib.DEFLATED and int.from_bytes(head, "big") % 31 == 0
