"""Mutants: our code with one operator turned at a time; a mutant that every test lets pass shows what none of them asks.

Belongs here: turning operators (``turned``), running the tests that should notice (``__main__``) and the mutants that
mean the same as the original, each with the reason (``equivalent.csv``). ``make mutants`` runs it; pytest does not.
"""
