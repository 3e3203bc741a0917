"""Questions to start from, as a table of the file: ``meta.example``.

Belongs here: the questions, each with the SQL that answers it. Does not belong here: pages that show them, and
questions that need more than the promised views.

Each example uses views of ``v1``, so that it works as long as the contract holds. What the rules found is asked of
``meta``, since no figure depends on it. What a tariff comes to is asked of ``mart``, which is not promised. Tests
run all of them with the oldest and the newest client.
"""

from dataclasses import dataclass

import duckdb

from warehouse.order import tables_in
from warehouse.promised import SCHEMA, is_public
from warehouse.staging import insert_rows

COLUMNS = """
Columns of meta.example: One row per question to start from, with the SQL that answers it.
  position: Place in the list.
  title, key: Short title.
  question: The question in words.
  sql: The statement. It uses views of schema v1, of meta the rules and what they found, and of mart what is paid.
  expected_columns: Columns of the answer, separated by commas.
  is_public: Whether it reads protected figures only.
"""


@dataclass(frozen=True)
class Example:
    """A question and the statement that answers it."""

    title: str
    question: str
    sql: str
    expected_columns: tuple[str, ...]

    @property
    def is_public(self) -> bool:
        """Whether it reads nothing but views of protected figures."""
        return all(name.startswith(f"{SCHEMA}.") and is_public(name) for name in tables_in(self.sql))


def create_examples(con: duckdb.DuckDBPyConnection, *, only_public: bool = False) -> None:
    """Write ``meta.example``; with ``only_public`` the examples that the public file can answer."""
    con.execute(
        "CREATE OR REPLACE TABLE meta.example (position INTEGER, title VARCHAR, question VARCHAR, sql VARCHAR, "
        "expected_columns VARCHAR, is_public BOOLEAN)"
    )
    rows = [
        (n, each.title, each.question, each.sql, ", ".join(each.expected_columns), each.is_public)
        for n, each in enumerate(EXAMPLES, start=1)
        if each.is_public or not only_public
    ]
    insert_rows(con, "meta.example", rows)


EXAMPLES = (
    Example(
        "One measure, every service",
        "How many people recovered in each service in the last financial year, and in England?",
        """SELECT organisation_name, numerator, denominator, round(100 * value, 1) AS per_cent, state
FROM v1.figure
WHERE measure = 'RECOVERY' AND pathway = 'all' AND level IN ('England', 'provider')
    AND period_type = 'financial year'
    AND period_start = (SELECT max(period_start) FROM v1.figure WHERE period_type = 'financial year')
ORDER BY level, organisation_name""",
        ("organisation_name", "numerator", "denominator", "per_cent", "state"),
    ),
    Example(
        "Different from services like it",
        "Which services differ by more than services differ from one another, on which measure?",
        """SELECT provider_name, title, pathway, period_start, round(100 * value, 1) AS per_cent,
    round(100 * peer_value, 1) AS peers_per_cent, funnel_position_adjusted, direction
FROM v1.service_comparison
WHERE source = 'submitted' AND period_type = 'quarter'
    AND funnel_position_adjusted IN ('below 99.8', 'above 99.8')
ORDER BY period_start DESC, title, provider_name""",
        (
            "provider_name", "title", "pathway", "period_start", "per_cent", "peers_per_cent",
            "funnel_position_adjusted", "direction",
        ),
    ),
    Example(
        "Why a figure cannot be compared",
        "Why is there no full comparison, and for how many figures?",
        """SELECT why_not, count(*) AS figures
FROM v1.service_comparison
WHERE source = 'submitted' AND why_not IS NOT NULL
GROUP BY why_not
ORDER BY figures DESC, why_not""",
        ("why_not", "figures"),
    ),
    Example(
        "A measure over time",
        "How did referrals to each service change from month to month?",
        """SELECT organisation_name, period_start, numerator AS referrals, state
FROM v1.figure
WHERE measure = 'REFERRALS' AND pathway = 'all' AND level = 'provider' AND period_type = 'month'
ORDER BY organisation_name, period_start""",
        ("organisation_name", "period_start", "referrals", "state"),
    ),
    Example(
        "The same by group of people",
        "Is recovery the same for all ethnic groups in England?",
        """SELECT group_name, numerator, denominator, round(100 * value, 1) AS per_cent,
    round(100 * lower_95, 1) AS likely_from, round(100 * upper_95, 1) AS likely_to
FROM v1.figure_by_group
WHERE level = 'England' AND measure = 'RECOVERY' AND breakdown = 'ethnicity' AND pathway = 'all'
    AND period_type = 'rolling 12 months' AND denominator > 0
ORDER BY group_name""",
        ("group_name", "numerator", "denominator", "per_cent", "likely_from", "likely_to"),
    ),
    Example(
        "Waits to first treatment",
        "How long did people wait for their first treatment, by pathway?",
        """SELECT pathway_name, count(*) AS people, median(wait_to_first_treatment_days) AS median_days,
    quantile_cont(wait_to_first_treatment_days, 0.9) AS nine_in_ten_within_days
FROM v1.referral
WHERE first_treatment_on IS NOT NULL
GROUP BY pathway_name
ORDER BY pathway_name""",
        ("pathway_name", "people", "median_days", "nine_in_ten_within_days"),
    ),
    Example(
        "Dose against plan",
        "How many people got the sessions that were planned, by pathway?",
        """SELECT pathway_name, count(*) AS with_plan, count(*) FILTER (WHERE is_plan_reached) AS plan_reached,
    round(avg(planned_sessions), 1) AS mean_planned
FROM v1.referral
WHERE discharged_on IS NOT NULL AND is_plan_reached IS NOT NULL
GROUP BY pathway_name
ORDER BY pathway_name""",
        ("pathway_name", "with_plan", "plan_reached", "mean_planned"),
    ),
    Example(
        "Change on each instrument",
        "By how much did scores change between the first and the last, on each instrument?",
        """SELECT instrument_name, count(*) AS paired, round(avg(first_score), 1) AS mean_first,
    round(avg(last_score), 1) AS mean_last, count(*) FILTER (WHERE reliable_change = 'improved') AS improved
FROM v1.outcome
WHERE is_paired
GROUP BY instrument_name
ORDER BY paired DESC, instrument_name""",
        ("instrument_name", "paired", "mean_first", "mean_last", "improved"),
    ),
    Example(
        "Missed appointments",
        "What share of contacts did people not attend, by way of meeting?",
        """SELECT medium, count(*) AS contacts, count(*) FILTER (WHERE attendance = '3') AS not_attended,
    round(100.0 * count(*) FILTER (WHERE attendance = '3') / count(*), 1) AS per_cent
FROM v1.contact
GROUP BY medium
ORDER BY contacts DESC, medium""",
        ("medium", "contacts", "not_attended", "per_cent"),
    ),
    Example(
        "What the figures lack",
        "Which months of which services are missing?",
        """SELECT provider_name, month, state, deadline
FROM v1.submission
WHERE submission_id IS NULL
ORDER BY month DESC, provider_name""",
        ("provider_name", "month", "state", "deadline"),
    ),
    Example(
        "What the rules reject",
        "Which rules reject most records, and for whom?",
        """SELECT f.rule, r.message, r.what_to_do, s.provider_name, count(*) AS months,
    sum(f.records_rejected) AS records_rejected
FROM meta.rule_finding AS f
INNER JOIN meta.rule AS r ON r.rule = f.rule
INNER JOIN v1.submission AS s ON s.submission_id = f.submission_id
WHERE f.records_rejected > 0
GROUP BY f.rule, r.message, r.what_to_do, s.provider_name
ORDER BY sum(sum(f.records_rejected)) OVER (PARTITION BY f.rule) DESC, f.rule, records_rejected DESC,
    s.provider_name""",
        ("rule", "message", "what_to_do", "provider_name", "months", "records_rejected"),
    ),
    Example(
        "Who waits, month by month",
        "How many people waited at the end of each month, how many came, began treatment or left?",
        """SELECT period_start,
    max(CASE WHEN measure = 'REFERRALS' THEN numerator END) AS referred,
    max(CASE WHEN measure = 'ACCESS' THEN numerator END) AS started,
    max(CASE WHEN measure = 'ENDED_UNTREATED' THEN numerator END) AS left_before_treatment,
    max(CASE WHEN measure = 'AWAITING_TREATMENT' THEN numerator END) AS waiting_at_end
FROM v1.figure
WHERE measure IN ('REFERRALS', 'ACCESS', 'ENDED_UNTREATED', 'AWAITING_TREATMENT') AND level = 'England'
    AND pathway = 'all' AND period_type = 'month'
GROUP BY period_start
ORDER BY period_start""",
        ("period_start", "referred", "started", "left_before_treatment", "waiting_at_end"),
    ),
    Example(
        "Find a measure",
        "Which measures are about waiting, and what do they mean?",
        """SELECT measure, title, meaning, unit, official_ids
FROM v1.measure
WHERE title ILIKE '%wait%' OR meaning ILIKE '%wait%'
ORDER BY measure""",
        ("measure", "title", "meaning", "unit", "official_ids"),
    ),
    Example(
        "What a tariff comes to",
        "What is each service paid for, and from which figures?",
        """SELECT provider, tariff, period_start, line, numerator, denominator, price_pence, floor, cap,
    full_pence, amount_pence,
    sum(amount_pence) OVER (PARTITION BY provider, tariff, period_start) AS together_pence, state,
    months_submitted, is_complete
FROM mart.payment
ORDER BY provider, tariff, period_start, position""",
        (
            "provider", "tariff", "period_start", "line", "numerator", "denominator", "price_pence", "floor", "cap",
            "full_pence", "amount_pence", "together_pence", "state", "months_submitted", "is_complete",
        ),
    ),
    Example(
        "Published figures of one measure",
        "What may be published about recovery in each service?",
        """SELECT organisation_name, period_start, numerator, denominator, round(100 * value, 1) AS per_cent, state
FROM v1.public_figure
WHERE measure = 'RECOVERY' AND pathway = 'all' AND level = 'provider' AND period_type = 'quarter'
ORDER BY period_start DESC, organisation_name""",
        ("organisation_name", "period_start", "numerator", "denominator", "per_cent", "state"),
    ),
    Example(
        "Services beside England, in public",
        "Where does each service stand beside England, as far as it may be published?",
        """SELECT provider_name, title, round(100 * value, 1) AS per_cent,
    round(100 * national_value, 1) AS england, funnel_position_adjusted, why_no_position
FROM v1.public_comparison
WHERE source = 'submitted' AND pathway = 'all' AND period_type = 'financial year'
ORDER BY title, provider_name""",
        (
            "provider_name", "title", "per_cent", "england", "funnel_position_adjusted", "why_no_position",
        ),
    ),
    Example(
        "Groups, in public",
        "How do outcomes differ by deprivation, as far as it may be published?",
        """SELECT group_name, title, numerator, denominator, round(100 * value, 1) AS per_cent
FROM v1.public_figure_by_group
WHERE level = 'England' AND breakdown = 'deprivation_quintile' AND kind = 'share' AND value IS NOT NULL
    AND period_type = 'financial year'
ORDER BY title, group_name""",
        ("group_name", "title", "numerator", "denominator", "per_cent"),
    ),
)  # fmt: skip
