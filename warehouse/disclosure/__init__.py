"""Disclosure control: which figures may be published, and how they are protected.

Belongs here: the rule for small counts (``suppression``), the search for figures that others reveal
(``differencing``), the schema ``public`` built with both and its separate file (``public``), the check that
nothing exact is in it (``leaks``). Does not belong here: exact figures (``warehouse/mart``) and when to publish
(``warehouse.release``). Reasons and remaining risks: decision 0014.
"""
