"""What stands between counts and a decision: in, signals and a count; out, whether they can be trusted, and how far.

Called by `scaler`. Missing numbers: `numbers`, `clock`. Limits: `bounds`, `starts`, `fewer`. Others who have a say:
`by_hand`, `sleep`.
"""
