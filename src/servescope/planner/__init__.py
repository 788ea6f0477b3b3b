"""How much a model can serve, and how many workers that takes: in, measured loads or a history; out, a plan.

`load` sends requests on a schedule and says what became of them; `search` finds the highest rate that keeps an objective, with
what `theory` knows; `limits` names what is in the way; `plan` counts workers and machines; `history` plans from what Prometheus
has kept; `measured` takes others' results; `report` is a page. All but `load.driver` and `load.connections` is pure: clocks,
chances and ways to measure are arguments. Called by `cli.planning`. Begin at `search/search.py`.
"""
