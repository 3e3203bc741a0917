"""Commands of an analyst, a site or a commissioner who asks a release: query, tsql, payment."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from pipelines.commands.app import (
    ANALYST,
    CLEAN,
    RECORDS_REJECTED,
    Json,
    Release,
    app,
    month_of,
    print_json,
    provider_of,
)


@app.command(group=ANALYST)
def query(
    sql: str,
    *,
    release: Release = None,
    output: Annotated[
        Literal["table", "csv", "json"], Parameter(name="--format", help="Output format of the rows.")
    ] = "table",
) -> int:
    """Query the published warehouse in SQL. It is opened read-only and cannot read other files.

    Parameters
    ----------
    sql
        One statement, such as "FROM mart.national LIMIT 10".

    """
    from pipelines import show
    from pipelines.ask import ask_within_limits
    from pipelines.zones import zones

    # A table is laid out as a whole, at 10,000 rows in seconds.
    show.rows(ask_within_limits(sql, zones(), release, 10_000 if output == "table" else None), output)
    return CLEAN


@app.command(group=ANALYST)
def tsql(
    script: Path,
    *,
    month: Annotated[
        str | None,
        Parameter(help="Month to report on, as YYYY-MM, instead of the latest. Later ones are not seen."),
    ] = None,
    out: Annotated[Path | None, Parameter(help="File for the SQL that DuckDB understands.")] = None,
    run: Annotated[bool, Parameter(negative=(), help="Run it on the published warehouse.")] = False,
    release: Annotated[str | None, Parameter(help="Run it on a release of that name.")] = None,
    keep: Annotated[
        Path | None,
        Parameter(help="DuckDB file for the tables it makes. The next script of a series finds them there."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Carry a T-SQL script for NHS England's platform over to DuckDB, and say statement by statement how far.

    Parameters
    ----------
    script
        A file with T-SQL.

    """
    from pipelines import show
    from pipelines.ask import release_file
    from pipelines.tsql import carry_over
    from pipelines.zones import zones

    on = release_file(zones(), release) if run or release or keep else None
    report = carry_over(script, month_of(month, "--month") if month else None, out, on, keep)
    if as_json:
        print_json({"script": report.script, "whole": report.is_whole, "statements": report.as_rows()})
    else:
        show.statements(report)
    return CLEAN if report.is_whole else RECORDS_REJECTED


@app.command(group=ANALYST)
def payment(
    provider: str,
    *,
    tariff: Annotated[
        Path | None,
        Parameter(help="CSV file with a tariff to try, or `example`, instead of those of the reference data."),
    ] = None,
    period: Annotated[
        str | None, Parameter(help="A month of the period, as YYYY-MM, instead of the last period there is.")
    ] = None,
    release: Release = None,
    as_json: Json = False,
) -> int:
    """Show what a tariff comes to for a service: every amount with the figures behind it. Nothing is stored.

    Parameters
    ----------
    provider
        ODS code of the service, such as RW5.

    """
    from pipelines import show_payment
    from pipelines.payment import try_tariff
    from pipelines.zones import zones

    month = month_of(period, "--period") if period else None
    found = try_tariff(zones(), provider_of(provider), tariff, month, release)
    if as_json:
        print_json([each.said for each in found])
    else:
        show_payment.payment(found)
    return CLEAN
