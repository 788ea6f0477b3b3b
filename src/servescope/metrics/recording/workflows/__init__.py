"""The requests of workflows as they end, and the attempts of their nodes. Begin at `recorder`; `all` holds one a workflow."""
