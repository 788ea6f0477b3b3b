"""What is wrong, as data: in, nothing; out, conditions and thresholds, which `operate` writes as PromQL and the console judges by.

It knows of no PromQL and of no server: begin at `rule`.
"""
