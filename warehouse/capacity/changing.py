"""Assumptions that a service sets instead of its own: which names and values are accepted, and what is said if not.

Belongs here: reading ``name=value``, and putting the value into the assumptions. Does not belong here: the command
(``pipelines.capacity``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from math import isfinite

from schemas.errors import NotAsked
from warehouse.capacity.assumptions import OBSERVED, Assumption
from warehouse.capacity.reference import Named, named, programme

SET = "set here"
# Settings without which a service that sent no staff records has no capacity.
STAFF = ("staff_trained", "appointments_per_wte", "unnamed_sessions")
# Together they leave somebody who comes.
_MOST_NOT_HELD = 0.95


@dataclass(frozen=True)
class Change:
    """A value for an assumption, of one step or of all (empty)."""

    step: str
    name: str
    value: float


def changes(texts: Iterable[str]) -> list[Change]:
    """The changes of ``NAME=VALUE`` or ``STEP:NAME=VALUE``. Raises NotAsked for any other text, saying what is
    taken.
    """
    return [_change(text) for text in texts]


def _change(text: str) -> Change:
    left, equals, number = text.partition("=")
    step, _, name = left.rpartition(":")
    step, name = step.strip(), name.strip()
    if not equals:
        raise NotAsked(f"--set {text!r} is not NAME=VALUE, such as staff_trained=12.")
    if name not in named():
        alike = get_close_matches(name, named(), 1, 0.5)
        hint = f" Did you mean {alike[0]}?" if alike else ""
        raise NotAsked(f"There is no assumption {name!r}.{hint} Accepted: {', '.join(named())}.")
    about = named()[name]
    try:
        value = float(number)
    except ValueError:
        raise NotAsked(f"{name} {number.strip()!r} is not a number. {_accepted(about)}") from None
    if not isfinite(value) or not about.smallest <= value <= about.largest:
        raise NotAsked(f"{name} cannot be {number.strip()}. {_accepted(about)}")
    return Change(step, name, round(value, 4))


def _accepted(about: Named) -> str:
    return (
        f"{about.title}: a number from {about.smallest:g} to {about.largest:,.10g} ({about.unit})."
        if about.largest < 1000
        else f"{about.title}: a number of {about.smallest:g} or more ({about.unit})."
    )


def changed(assumptions: Sequence[Assumption], wanted: Sequence[Change]) -> list[Assumption]:
    """The assumptions with those that are set. What is set to the value it has stays as it is, interval and all.

    Appointments were observed for each member of staff. With fewer hours for each, so many more are of an hour: the
    same people give what they gave.

    Raises NotAsked for a step that the service does not have, for an assumption of a step when several could be
    meant, for one that is set to two values, and where nobody would come to an appointment.
    """
    steps = list(dict.fromkeys(each.step for each in assumptions))
    for one in wanted:
        _check(one, steps)
    values: dict[tuple[str, str], float] = {}
    for one in wanted:
        for step in _meant(one, steps):
            before = values.setdefault((step, one.name), one.value)
            if before != one.value:
                raise NotAsked(f"{one.name} is set twice for {step}: {before:g} and {one.value:g}. Set it once.")
    found = []
    for each in assumptions:
        value = values.get((each.step, each.name))
        is_new = value is not None and value != each.value
        found.append(replace(each, value=value, source=SET, n=0, spread="none", error=0.0) if is_new else each)
    found = [_of_each_hour(each, assumptions, values) for each in found]
    for step in steps:
        _check_held(step, {each.name: each.value for each in found if each.step == step})
    return found


def _of_each_hour(
    each: Assumption, before: Sequence[Assumption], values: Mapping[tuple[str, str], float]
) -> Assumption:
    """Observed appointments of a whole-time equivalent, where the hours of each member of staff alone are set."""
    hours = values.get((each.step, "wte_per_person"))
    is_set = (each.step, each.name) in values
    if each.name != "appointments_per_wte" or is_set or each.source != OBSERVED or not each.value or hours is None:
        return each
    (was,) = (other.value or 1.0 for other in before if (other.step, other.name) == (each.step, "wte_per_person"))
    return each if hours == was else replace(each, value=each.value * was / hours, error=each.error * was / hours)


def _check(wanted: Change, steps: Sequence[str]) -> None:
    scope = named()[wanted.name].scope
    if wanted.step and wanted.step not in steps:
        raise NotAsked(f"The service has no step {wanted.step!r}. Its steps: {', '.join(steps)}.")
    apart = steps if scope == "step" else {programme(step) for step in steps}
    if not wanted.step and len(apart) > 1 and named()[wanted.name].convention is None:
        example = f"{steps[0]}:{wanted.name}={wanted.value:g}"
        raise NotAsked(f"{wanted.name} differs by step. Name one of {', '.join(steps)}, such as --set {example!r}.")


def _meant(wanted: Change, steps: Sequence[str]) -> list[str]:
    """The steps whose assumption a change sets: of what is one value for a programme, all of its steps."""
    if not wanted.step:
        return list(steps)
    if named()[wanted.name].scope == "step":
        return [wanted.step]
    return [step for step in steps if programme(step) == programme(wanted.step)]


def _check_held(step: str, values: dict[str, float | None]) -> None:
    missed, cancelled = values.get("share_missed") or 0.0, values.get("share_cancelled") or 0.0
    if missed + cancelled > _MOST_NOT_HELD:
        raise NotAsked(
            f"{step}: share_missed and share_cancelled together cannot be {missed + cancelled:g}. Nearly nobody "
            f"would come. Accepted: {_MOST_NOT_HELD:g} or less."
        )
