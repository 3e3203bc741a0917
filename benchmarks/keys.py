"""`make bench-keys`: pseudonyms a second, by Parity and by the standard library, on the same numbers.

Belongs here: the times and their ratio. Does not belong here: whether both make the same pseudonyms
(``tests/transforms/test_pseudonymise.py``).
"""

import hmac
import os
import statistics
import time
from collections.abc import Callable

import polars as pl

from transforms.pseudonymise import TokenKey, domain_key, nhs_number, person_token, token

_ROWS, _BY_LIBRARY, _REPEATS = 3_000_000, 300_000, 5
_KEY = TokenKey("s1", "5f1c9bd2ae4470e63318c07f92d5ab6104e7f83d6a2bc99051d80eb7467a3fc5")


def by_library(numbers: list[str]) -> list[bytes]:
    """Pseudonyms by ``hmac.digest``, one after the other."""
    domain = domain_key(_KEY, "nhs").encode()
    return [b"\x01" + hmac.digest(domain, number.encode(), "sha256")[:15] for number in numbers]


def rates(rows: int, work: Callable[[], object]) -> tuple[float, float]:
    """Rows a second by the clock, and rows a second of one core's time: medians of the repeats."""
    clock, core = [], []
    for _ in range(_REPEATS):
        start, used = time.perf_counter(), time.process_time()
        work()
        clock.append(time.perf_counter() - start)
        core.append(time.process_time() - used)
    return rows / statistics.median(clock), rows / statistics.median(core)


def main() -> None:
    """Measure tokens alone, reading numbers, and both as for a patient; print a table."""
    numbers = pl.DataFrame(
        {"NHSNumber": [f"{999_000_000 + n % 1_000_000:09}{n % 10}" for n in range(_ROWS)], "NHSNumberStatus": "01"}
    )
    few = numbers["NHSNumber"].head(_BY_LIBRARY).to_list()
    number, local = pl.col("NHSNumber"), pl.lit("x")
    print(f"| {_ROWS:,} identifiers, {os.cpu_count()} cores | a second | a second of one core | × hmac |")
    print("|---|---:|---:|---:|")
    library = 0.0
    for name, rows, work in (
        ("`hmac.digest` of the standard library", _BY_LIBRARY, lambda: by_library(few)),
        ("a pseudonym", _ROWS, lambda: numbers.lazy().select(token(number, _KEY, "nhs")).collect()),
        ("reading an NHS number strictly", _ROWS, lambda: numbers.lazy().select(nhs_number(number)).collect()),
        ("a person: number, status, pseudonym", _ROWS, lambda: person_token(numbers.lazy(), local, _KEY).collect()),
    ):
        by_clock, by_core = rates(rows, work)
        library = library or by_core
        print(f"| {name} | {by_clock:,.0f} | {by_core:,.0f} | {by_core / library:.1f} |", flush=True)


if __name__ == "__main__":
    main()
