"""Demonstration submissions: seeded histories of services, cut into months, with faults on request.

Belongs here: everything that is made up, between a seed and the files of a submission. Does not belong here: what a
figure depends on. This room is a wing on ``schemas``: it knows nothing of the other wings.

The people are fictitious. Their NHS numbers are from 999 000 0000 to 999 999 9999, which were never issued.
Provider codes and names are real, but the data about them is not.

``sites`` who submits · ``people`` whom they treat · ``pathways`` what happens · ``outcomes`` what is scored ·
``service_use`` what else is used · ``monthly`` which month sees it · ``records``, ``care``, ``appointments`` what
the tables say · ``faults`` what is wrong with them · ``writing`` the files · ``geography`` where services lie ·
``calibration``, ``frequencies`` the figures behind · ``draws`` how chance is drawn.
"""
