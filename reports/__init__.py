"""What people read: pages and files for sites, services and the public.

Belongs here: presenting findings and figures so that people can act on them. Does not belong here: computing them,
or when they are made.
"""
