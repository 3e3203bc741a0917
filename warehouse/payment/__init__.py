"""Payment by activity and outcomes: tariffs, the figures they pay for, and the amounts.

Belongs here: what a tariff may say, reading it, and what it comes to. Does not belong here: counting (the catalogue
of ``warehouse.measures``), a price or a weight (a dated file of the centre).
"""
