"""Gaming: what a service could change so that it is paid more, as changes of the records that it submits.

Belongs here: the ways of gaming, each a function from all records of a service to its records changed. Does not
belong here: what a way is worth (``pipelines.incentives``), figures (``warehouse``).

A change is made to the records as a service submits them, before the door. So the changed records are checked,
pseudonymised, counted and paid by the same code as all others, and it is seen which rules notice (decision 0055).

``records`` all records of a service · ``courses`` what a service knows of each referral · ``ending`` to end or
divide a referral · ``ways`` the ways of gaming · ``scores``, ``discharging``, ``coding``, ``accepting``,
``waiting`` their changes.
"""
