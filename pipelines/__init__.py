"""When and where things run: the only room that knows paths, the clock, the ledger and Dagster.

Belongs here: zones, keys, ledger, assets, automation, the command line, and the writing of demonstration
submissions. Does not belong here: how rows change (``transforms``), what analysts query (``warehouse``), what
people read (``reports``). No other room may import this one, and no other may import Dagster.
"""
