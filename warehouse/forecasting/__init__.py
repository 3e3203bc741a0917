"""What the present rate gives: forecasts of monthly counts, with intervals.

Belongs here: the forecast itself. Does not belong here: which counts are forecast and with which target they are
compared (``warehouse.trajectories``), working days and seasons (``schemas.calendar``).
"""
