"""HTTP/1.1 as all ports speak it: in, bytes of connections; out, requests for an API's handler, and its answers as bytes.

Begin at `app`. On the way in: `listener` → `connection` (`reader`, `pipeline`, `refusals`) → `app` → `request`. On the way out:
`exchange`, once a request, which counts and logs it; how errors look is its `face`.
"""
