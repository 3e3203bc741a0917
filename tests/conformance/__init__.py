"""Finding what a case of a rule needs beside the rule's example: ``python -m tests.conformance``.

Belongs here: the search, which writes ``demonstration/conformance/beside.csv``, and what a submission comes to.
Does not belong here: the cases (``demonstration.conformance``), holding them to what they are for
(``tests/journeys/test_conformance.py``).
"""
