"""The demonstration: synthetic submissions through every step, from one command.

Belongs here: the steps of `parity demo` in order, and the short national table at the end. Does not belong here:
synthetic people (``demonstration``), loading, publishing.
"""

import os
from datetime import date
from pathlib import Path

from demonstration.geography import is_made_up, placed, write_reference
from demonstration.sites import service
from demonstration.writing import write_submissions
from pipelines import show, spread
from pipelines.ask import ask
from pipelines.pages import first_page
from pipelines.publish import has_published
from pipelines.run import load_paths, publish_release
from pipelines.zones import Zones, shown
from warehouse.organisations.importing import SOURCE_FILE, take_reference
from warehouse.payment.tariff_file import example_file
from warehouse.published import normalise_published

_SEED, _START, _FAULTS = 20_250_401, date(2025, 4, 1), 0.0003
# That load: each takes some 400 MB, and the ten providers of the demonstration are soon loaded.
_MOST_PROCESSES = 4

# England over the last six months, one row per measure, with numerator and denominator. Earlier months are left
# out: patients in treatment before the first month are unknown. Courses that ended in the first quarter show 27 %
# treated within six weeks, later ones 69 %.
_TABLE = """
SELECT m.title AS measure,
       sum(n.numerator) AS count,
       sum(n.denominator) AS "of",
       CASE WHEN m.kind = 'share' THEN round(100.0 * sum(n.numerator) / nullif(sum(n.denominator), 0), 1) END
           AS "national %",
       CASE WHEN m.standard IS NOT NULL THEN round(100 * m.standard, 0) END AS "standard %"
FROM mart.national AS n
JOIN mart.measure AS m USING (measure)
WHERE n.source = 'submitted' AND n.pathway = 'all' AND n.period_type = 'month' AND n.state = 'value'
      AND n.period_start > (SELECT max(month) - INTERVAL 6 MONTH FROM core.submission)
      AND list_contains(?, n.measure)
GROUP BY m.title, m.kind, m.standard, m.position
ORDER BY m.position
"""
MEASURES = (
    "REFERRALS", "ACCESS", "FINISHED", "RECOVERY", "RELIABLE_RECOVERY", "RELIABLE_IMPROVEMENT",
    "RELIABLE_DETERIORATION", "WAIT_42", "WAIT_126", "SECOND_TREATMENT_90", "PAIRED",
)  # fmt: skip


def run_demo(zones: Zones, published: Path | None, providers: int, months: int) -> None:
    """Write, load, import, publish, show. Safe to run again: finished steps are not repeated."""
    submissions = zones.home / "demonstration" / f"{providers}x{months}"
    if not (submissions / "answer_key.csv").exists():
        with show.progress("Writing submissions", providers * months) as step:
            write_submissions(
                submissions, providers=providers, months=months, start=_START, seed=_SEED, faults=_FAULTS,
                on_written=lambda done, of: step(),
            )  # fmt: skip
    reference = submissions.with_name(f"{submissions.name}-reference")
    write_reference(reference, [placed(service(index, _SEED)) for index in range(providers)], _START)
    (reference / "tariff.csv").write_bytes(example_file())
    if not (zones.reference / SOURCE_FILE).exists() or is_made_up(
        zones.reference
    ):  # reference data of the centre are kept
        take_reference(reference, zones.reference)
    paths = sorted(path for path in submissions.iterdir() if path.is_dir())
    spread.processes.set(spread.processes.get() or min(os.cpu_count() or 1, _MOST_PROCESSES))
    with show.progress("Loading", len(paths)) as step:
        totals = load_paths(paths, zones, step)
    show.load_totals(totals, zones)
    if published is not None and not has_published(zones):
        show.line("Importing NHS England's published statistics …")
        normalise_published(
            published, zones.published, with_proms=False
        )  # 8 M rows that a demonstration does not need
    show.released(publish_release(zones))
    national_table(zones)
    show.line(f"Open first: {shown(first_page(zones))} (`parity look` opens it)")
    show.line("Submission board: parity status")
    show.line('Ask it something: parity query "FROM mart.national LIMIT 10"')
    show.line("Dagster UI: parity serve")


def national_table(zones: Zones) -> None:
    """Services, then one row per measure with count, population and national value."""
    services = ask("SELECT count(*) FROM core.provider", zones)[1][0][0]
    first, last = ask(
        "SELECT greatest(min(month), max(month) - INTERVAL 5 MONTH), max(month) FROM core.submission", zones
    )[1][0]
    show.line("")
    show.line(f"England, {services} services, {first:%B %Y} to {last:%B %Y} (made-up people)")
    show.rows(ask(_TABLE, zones, None, [list(MEASURES)]), "table", null="")
    if has_published(zones):
        _published_line(zones)
    show.line("")


def _published_line(zones: Zones) -> None:
    """The latest published year: the number of services that can be compared with England, from real figures."""
    rows = ask(
        "SELECT year(period_start), count(*) FILTER (WHERE state = 'value'), count(*), "
        "CAST(round(100 * max(national_value), 1) AS VARCHAR) "
        "FROM mart.service_comparison WHERE source = 'published' AND measure = 'RECOVERY' AND provider <> 'ENG' "
        "GROUP BY period_start ORDER BY period_start DESC LIMIT 1",
        zones,
    )[1]
    for year, known, services, national in rows:
        show.line(
            f"Published by NHS England for {year}/{int(str(year)) % 100 + 1}: recovery of {known} of {services} "
            f"services beside England's {national} % (mart.service_comparison, source 'published')"
        )
