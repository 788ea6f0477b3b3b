"""From when on alerts fire: in, thresholds.yml; out, `Thresholds`. Begin at `thresholds`; `values` has what each may be."""
