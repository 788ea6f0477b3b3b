"""Snapshots: the settings and models of a server, in files from which the next start goes on.

In: settings and what is registered (`serving.saving`), written by `server.snapshots`. Out: at a start, the newest file that is
whole, chosen by `choice`, and the models that it names; for `servescope snapshots`, all of them. Names and contents are
TorchServe's (snapshot/Snapshot, snapshot/FSSnapshotSerializer); the checksum is not. Begin reading at `saved`, `file`, `folder`.
"""
