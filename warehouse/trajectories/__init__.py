"""Trajectories: access and staff towards a target, by what the present rate gives.

Belongs here: targets, the series that have one, staff in post ahead, and ``mart.trajectory``. Does not belong here:
forecasting a count (``warehouse.forecasting``).
"""
