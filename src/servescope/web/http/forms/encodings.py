"""What a part's Content-Transfer-Encoding says was done to its bytes, undone (RFC 2045, section 6). Called by `multipart`.

Base64's alphabet is all that counts of it: line breaks are for mailers, and everything else is to be ignored. TorchServe (netty's
HttpPostRequestDecoder) refuses base64 and quoted-printable of files, and hands those of text fields on as they are.
"""

import binascii
import string

_PAD = b"="
_ALPHABET = (string.ascii_letters + string.digits + "+/").encode()
_IGNORED = bytes(range(256)).translate(None, _ALPHABET + _PAD)


def undone(encoding: bytes, encoded: bytes) -> bytes:
    """A part's bytes as they were. An `encoding` that is none, or that nobody knows, leaves them as they are.

    Raises:
        ValueError: the base64 ends in the middle of a byte, or goes on after its end. In the former case something is missing,
            and what came behind the latter would be.
    """
    match encoding.lower():
        case b"base64":
            return _from_base64(encoded)
        case b"quoted-printable":
            return binascii.a2b_qp(encoded)
        case _:
            return encoded


def _from_base64(encoded: bytes) -> bytes:
    """Not the standard library's word alone: its versions differ on what comes after the padding."""
    text = encoded.translate(None, _IGNORED)
    letters = text.rstrip(_PAD)
    missing = -len(letters) % 4
    if (end := letters.find(_PAD)) >= 0:
        raise ValueError(f"base64 goes on after its end, which is the = behind {end} letters")
    if missing == 3 or missing > len(text) - len(letters):
        raise ValueError(
            f"base64 ends in the middle: {len(letters)} letters, and {len(text) - len(letters)} = behind them"
        )
    return binascii.a2b_base64(letters + _PAD * missing)
