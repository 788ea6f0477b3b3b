"""One option's text → its value. In, a `GivenValue`; out, what a field of `settings` holds. Begin at `parsers`.

`load` calls these readers as `settings` names them; what they have in common, and an error's words, stand in `parsers`.
"""
