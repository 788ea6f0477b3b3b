"""The autoscaler's loop in the server: in, what is measured of each model version; out, how many workers it shall have.

`loop` looks at every autoscaled model once a second. For each it keeps a `scaled`, which asks `measures` for the numbers and
`autoscaler.scaler`, which is pure, for the decision, and applies that through `serving.counts` as the management API does. Held by
`server.scaling`; `web.management` reads its reports.
"""
