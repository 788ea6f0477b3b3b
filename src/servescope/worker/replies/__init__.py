"""What goes back: in, what a handler returned, raised and noted; out, a reply's parts, texts and stages, each within its bound.

Begin at `outputs`, then `answer`, which one answer's bounds are in.
"""
