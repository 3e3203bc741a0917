"""Disclosure control: which figures may be published, and how they are protected.

Belongs here: the rule for small figures and its random error (``suppression``), the schema ``public`` built with it
and its separate file (``public``), the check that nothing exact is in it (``leaks``). Does not belong here: exact
figures (``warehouse/mart``), the people behind a count (``warehouse.measures.people``) and when to publish
(``warehouse.release``). Reasons and remaining risks: decision 0022.
"""
