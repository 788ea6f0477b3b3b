"""Commands about how many workers there are. In: options. Out: tables, JSON and pictures. Nothing here needs a server that runs."""
