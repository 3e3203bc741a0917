"""Releases in their order: what changed from one to the next, why, and which version follows.

Belongs here: the inputs that changed and what a difference is attributed to (``causes``), figures that differ
(``comparing``), versions (``versions``), and what a release keeps of all this (``keeping``). Does not belong here:
what names a release (``warehouse.inputs``), which release is current and showing it (``pipelines``). Decision 0044.
"""
