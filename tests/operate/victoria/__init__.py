"""The same rules in Prometheus and in VictoriaMetrics with vmalert: on samples that are the same to the byte, and live."""
