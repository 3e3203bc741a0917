"""Comparison of services: when a difference is a difference.

Belongs here: statistics in Python and as macros of the file, the case-mix model, the order of the marts that
compare. Does not belong here: what those marts say (``warehouse/mart``), what a figure is (``warehouse.measures``).
"""
