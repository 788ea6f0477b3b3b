"""What was recorded of workflows off a TorchServe 0.12.0: the cases, the answers, and the program that packs what they are about.

`python make_wars.py STORE` packs the archives, `replay.py cases.json --record answers.json` of the folder above asks.
"""

from pathlib import Path

GOLDEN_WORKFLOWS = Path(__file__).parent
