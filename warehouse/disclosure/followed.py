"""Numbers of pages that follow from public ones: those who left, services within the limits, records that are in.

Belongs here: how each is worked out anew from schema ``public``, in SQL of our own, so that a page is held to it.
Does not belong here: reading pages back (``screened_pages``), making them (``reports.pages``).

``t`` is the row of a public table that a number names by its attributes.
"""

from collections.abc import Mapping

from schemas.periods import PERIODS

_SAME = (
    "o.source = t.source AND o.period_type = t.period_type AND o.period_start = t.period_start "
    "AND o.pathway = t.pathway"
)
# The months of a period, as it is named.
_LENGTHS = " ".join(f"WHEN '{kind}' THEN {months}" for kind, (months, _) in PERIODS.items())
_MONTHS = f"CASE t.period_type {_LENGTHS} END"


def _at(measure: str, column: str) -> str:
    """A column of another measure at the same place."""
    return (
        f"(SELECT o.{column} FROM public.service_measure AS o WHERE {_SAME} AND o.level = t.level "
        f"AND o.organisation = t.organisation AND o.measure = '{measure}')"
    )


def _not_below_0(number: str) -> str:
    """Never below 0, as protected counts could make it; nothing stays nothing."""
    return f"CASE WHEN {number} < 0 THEN 0 ELSE {number} END"


# Those referred, as the pages count them: everybody of the cohort has this denominator.
_REFERRED = _at("REFERRED_ASSESSED", "denominator")
_ASSESSED, _STARTED = _at("REFERRED_ASSESSED", "numerator"), _at("REFERRED_STARTED", "numerator")
_WAITING, _UNSTARTED = (
    _at("REFERRED_OPEN_NOT_ASSESSED", "numerator"), _at("REFERRED_OPEN_NOT_STARTED", "numerator"),
)  # fmt: skip
_OPEN = _not_below_0(f"{_UNSTARTED} - {_WAITING}")
_OF_COHORT = {
    "numerator": "t.numerator",
    "denominator": "t.denominator",
    "open_before_treatment": _OPEN,
    "left_before_assessment": _not_below_0(f"{_REFERRED} - {_ASSESSED} - {_WAITING}"),
    "left_before_treatment": _not_below_0(f"{_ASSESSED} - {_STARTED} - ({_OPEN})"),
}
# ``t`` is the row of those with two scores. Who got better is among them.
_BETTER = (
    f"CASE t.measure WHEN 'REFERRED_PAIRED' THEN {_at('REFERRED_RELIABLY_IMPROVED', 'numerator')} "
    f"WHEN 'REFERRED_SMI_PAIRED' THEN {_at('REFERRED_SMI_IMPROVED', 'numerator')} END"
)
_UNIMPROVED = _not_below_0(f"t.numerator - ({_BETTER})")

# The services that a place has: all of England, those in the region or ICB, the service itself.
_RECORDS = (
    "(SELECT {} FROM (SELECT coalesce(max(o.months_submitted), 0) AS months FROM public.service_measure AS o "
    "INNER JOIN public.organisation AS p ON p.level = 'provider' AND p.organisation = o.organisation "
    "WHERE o.level = 'provider' AND o.pathway = 'all' AND o.source = t.source AND o.period_type = t.period_type "
    "AND o.period_start = t.period_start AND (t.level = 'England' "
    "OR (t.level = 'region' AND p.region = t.organisation) OR (t.level = 'ICB' AND p.icb = t.organisation) "
    "OR (t.level = 'provider' AND o.organisation = t.organisation)) GROUP BY o.organisation) AS s)"
)

_SUBMITTED = (
    f"(SELECT {{}} FROM public.service_measure AS o WHERE {_SAME} AND o.measure = t.measure "
    "AND o.level = 'provider' AND {})"
)
_COMPARED = (
    f"(SELECT count(*) FROM public.service_comparison AS o WHERE {_SAME} AND o.measure = t.measure "
    "AND o.value IS NOT NULL AND {})"
)
_POSITION = "o.funnel_position_adjusted"
_SERVICES = (
    f"CASE t.source WHEN 'published' THEN {_COMPARED.format('true')} "
    f"ELSE {_SUBMITTED.format('count(*)', 'o.value IS NOT NULL')} END"
)
_PLACED = _COMPARED.format(f"{_POSITION} IS NOT NULL")


def _quantile(share: float) -> str:
    return _SUBMITTED.format(f"quantile_cont(CAST(o.value AS DOUBLE), {share})", "o.value IS NOT NULL")


_INTERVALS = {
    "lower_95": "mart.wilson_low(t.numerator, t.denominator, mart.z_95())",
    "upper_95": "mart.wilson_high(t.numerator, t.denominator, mart.z_95())",
}
_STANDARD = {"standard": "(SELECT m.standard FROM public.measure AS m WHERE m.measure = t.measure)"}
_FOLLOWS: Mapping[str, Mapping[str, str]] = {
    "service_measure": {
        **_STANDARD,
        **_INTERVALS,
        **{name: how for name, how in _OF_COHORT.items() if not how.startswith("t.")},
        **{f"{name}_of_100": f"100 * ({how}) / {_REFERRED}" for name, how in _OF_COHORT.items()},
        "at_least_of_100": f"100 * ({_BETTER}) / t.denominator",
        "at_most_of_100": f"100 * (t.denominator - ({_UNIMPROVED})) / t.denominator",
        "months": _MONTHS,
        "months_missing": f"{_MONTHS} - {_RECORDS.format('sum(s.months)')}",
        "person_years": "t.denominator / 365.25",
        "services": _RECORDS.format("count(*)"),
        "records_in": _RECORDS.format("sum(s.months)"),
        "records_expected": f"{_RECORDS.format('count(*)')} * {_MONTHS}",
    },
    "breakdown_measure": {**_STANDARD, **_INTERVALS},
    "service_comparison": _STANDARD,
    "control_chart": _STANDARD,
    "national": {
        **_STANDARD,
        "services": _SERVICES,
        "services_hidden": _SUBMITTED.format(
            "count(*)", "o.value IS NULL AND o.state IN ('value', 'no rate', 'suppressed')"
        ),
        "services_within": _COMPARED.format(f"{_POSITION} = 'within'"),
        "services_outside_inner": _COMPARED.format(f"{_POSITION} LIKE '% 95'"),
        "services_outside_outer": _COMPARED.format(f"{_POSITION} LIKE '% 99.8'"),
        "services_open": f"{_SERVICES} - {_PLACED}",
        "services_by_chance": f"{_PLACED} / 20",
        "services_treating": (
            f"(SELECT count(DISTINCT o.organisation) FROM public.service_measure AS o WHERE {_SAME} "
            "AND o.level = 'provider' AND o.measure IN ('REFERRALS', 'ACCESS') AND o.numerator IS NOT NULL)"
        ),
        "lower_quarter": _quantile(0.25),
        "middle": _quantile(0.5),
        "upper_quarter": _quantile(0.75),
    },
}  # fmt: skip


def follows(table: str, column: str) -> str:
    """How a number follows from a row ``t`` of a public table, as SQL; empty for a column without a rule."""
    return _FOLLOWS.get(table, {}).get(column, "")
