"""England's year of work: working days, and seasons.

Belongs here: what both the forecasts and the demonstration know of the year. Does not belong here: months by
themselves (``schemas.month``), deadlines of submissions (``schemas.windows``).
"""
