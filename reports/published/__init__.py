"""Pages about NHS England's published statistics.

Belongs here: what they say. Does not belong here: reading and comparing the figures (``warehouse``).
"""
