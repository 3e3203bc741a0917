"""Commands of the person who keeps the keys: keys new, rotate, verify, retire.

Belongs here: the commands. Does not belong here: keys (``pipelines.keys``), where a rotation stands
(``pipelines.keys.rotation``).
"""

from dataclasses import asdict
from typing import Annotated

from cyclopts import App, Parameter

from pipelines.commands.app import CENTRE, CLEAN, WARNINGS, Json, app, print_json, require

keys = App(
    name="keys",
    group=CENTRE,
    help="Make, rotate, verify and retire the pseudonym key.",
    result_action="return_value",
)
app.command(keys)


@keys.command
def new() -> int:
    """Make the first key. A key that is there is left as it is."""
    from pipelines import show
    from pipelines.keys import key_store

    store = key_store()
    require(not store.names(), f"There is a key already in {store.where()}. To change it: parity keys rotate")
    store.add("1")
    show.line(f"Made version 1 in {store.where()}. Keep a copy apart from the data.")
    return CLEAN


@keys.command
def rotate(
    *,
    figures: Annotated[
        bool, Parameter(negative=(), help="Change the key of the random errors in public figures too.")
    ] = False,
) -> int:
    """Make the next version of the pseudonym key. New tokens are made with it; earlier versions stay."""
    from pipelines import show
    from pipelines.keys import key_store
    from pipelines.keys import rotate as rotate_key

    store = key_store()
    version = rotate_key(store, figures=figures)
    show.line(f"Made version {version} in {store.where()}. Keep a copy apart from the data.")
    verify()
    return CLEAN


@keys.command
def verify(*, as_json: Json = False) -> int:
    """Show which keys there are, what has tokens of which, and what to do next (then the exit status is 3)."""
    from pipelines import show
    from pipelines.keys import key_store
    from pipelines.keys.rotation import standing
    from pipelines.ledger import open_ledger
    from pipelines.zones import zones

    found = zones()
    stands = standing(key_store(), found, open_ledger(found.ledger))
    steps = stands.next_steps()
    if as_json:
        print_json(asdict(stands) | {"current": stands.current, "next": steps})
    else:
        show.keys(stands)
    return WARNINGS if steps else CLEAN


@keys.command
def retire(version: int) -> int:
    """Destroy an earlier version of the pseudonym key. Nothing can be linked to its tokens afterwards.

    Parameters
    ----------
    version
        Number of the version. The newest cannot be destroyed, nor one that rows still need.

    """
    from pipelines import show
    from pipelines.keys import key_store
    from pipelines.keys.rotation import retire as retire_key
    from pipelines.ledger import open_ledger
    from pipelines.zones import zones

    found = zones()
    retire_key(key_store(), version, found, open_ledger(found.ledger))
    show.line(f"Version {version} is destroyed. Destroy its copies too.")
    return CLEAN
