"""What people read: pages and files for sites, services and the public.

Belongs here: turning findings and figures into something a person can act on. Does not belong here:
computing them, knowing when they are made.
"""
