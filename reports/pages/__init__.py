"""Pages that show a release: of services, places, measures and conditions, for everybody and for those inside.

Belongs here: what a page says and how figures are read for it. Does not belong here: drawing (``reports.charts``),
computing figures (``warehouse``), when pages are written (``pipelines``).
"""
