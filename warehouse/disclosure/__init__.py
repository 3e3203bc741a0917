"""Disclosure control: what may leave the analysts' schemas, and how it is made safe.

Belongs here: the rule for small counts (``suppression``), the search for figures that others give away
(``differencing``), the schema ``public`` built with both and the file that holds it alone (``public``), the check
that nothing exact is in it (``leaks``). Does not belong here: exact figures (``warehouse/mart``) and when to
publish (``warehouse.release``). Reasons and what remains: decision 0014.
"""
