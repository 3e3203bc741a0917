"""Submissions that try one rule each: for suppliers of systems, and for the corpus of the tests.

Belongs here: making them from the rules' own examples and the example submission (``cases``), and from files that
the gate refuses (``gate``). Does not belong here: what they come to (``pipelines.conformance``), realistic
populations.
"""
