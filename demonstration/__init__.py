"""Demonstration submissions: seeded histories of services, divided into months, with faults on request.

Belongs here: all synthetic data, between a seed and the files of a submission. Does not belong here: what a figure
depends on. This room uses ``schemas`` only and does not know the other wings.

The people are fictitious. Their NHS numbers are from 999 000 0000 to 999 999 9999, which were never issued.
Provider codes and names are real, but the data about them is not.

``sites`` the services · ``people`` their patients · ``pathways`` referrals and appointments · ``outcomes`` scores
· ``service_use`` other services used · ``monthly`` division into months · ``records``, ``care``, ``appointments``,
``staff`` the tables · ``faults`` planted errors · ``writing`` the files · ``geography`` places · ``calibration``,
``frequencies`` the figures used · ``draws`` random numbers · ``gaming`` records changed so that more is paid.
"""
