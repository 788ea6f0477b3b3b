"""Generated rules and boards in real Prometheus processes, which scrape a live server under load."""
