"""Demonstration submissions: seeded histories of services, cut into months, with faults on request.

Belongs here: everything between a seed and the frames of a submission. Does not belong here: paths, files and
progress (``pipelines.demonstration``).

Nobody in them exists: NHS numbers are from 999 000 0000 to 999 999 9999, which were never issued. Provider codes
and names are real, what is told of them is not.

``sites`` who submits · ``people`` whom they treat · ``pathways`` what happens · ``outcomes`` what is scored ·
``service_use`` what else is used · ``monthly`` which month sees it · ``records``, ``care``, ``appointments`` what
the tables say · ``faults`` what is wrong with them · ``calibration``, ``frequencies`` the figures behind ·
``draws`` how chance is drawn.
"""

from transforms.synthesise.faults import ANSWER_KEY, plant, possible_faults
from transforms.synthesise.sites import Service, service
from transforms.synthesise.submissions import Part, dense_parts, header, parts

__all__ = [
    "ANSWER_KEY",
    "Part",
    "Service",
    "dense_parts",
    "header",
    "parts",
    "plant",
    "possible_faults",
    "service",
]
