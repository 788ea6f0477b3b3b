"""`servescope snapshots`: what a start would go on from. In: the folder of snapshots. Out: tables, or JSON, or one more of them."""
