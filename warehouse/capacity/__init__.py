"""Demand and capacity: what is asked of a service, what it can give, and what is left over.

Belongs here: reference values, assumptions, the reckoning and its intervals, the tables ``mart.expected_sessions``,
``mart.capacity_assumption`` and ``mart.capacity``. Does not belong here: counting (``core/staff_month.sql``,
``monthly_count``, ``mart/capacity_month.sql``), the command (``pipelines.commands.capacity``).
"""
