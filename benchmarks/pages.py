"""Speed and memory of the pages: the services of a release multiplied, every page of every kind written.

Belongs here: the multiplied release and the table. Does not belong here: pages (``reports.pages``).

    python -m benchmarks.pages FOLDER_OF_A_RELEASE [SERVICES …]

Each size runs in a process of its own. A run writes the public edition, then the inside one. Peak memory counts
what DuckDB holds of its file too.
"""

import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from reports.pages.release import INSIDE, PUBLIC, opened
from reports.pages.writing import write_inside, write_public
from warehouse.storage import writing

_SIZES = (10, 50, 200)
# Columns that name a provider, by table, and which rows are multiplied: those of providers, from submissions.
_NAMED = {
    "service_measure": ("organisation", "source = 'submitted' AND level = 'provider'"),
    "breakdown_measure": ("organisation", "source = 'submitted' AND level = 'provider'"),
    "organisation": ("organisation", "level = 'provider'"),
    "service_comparison": ("provider", "source = 'submitted'"),
    "control_chart": ("provider", "source = 'submitted' AND provider <> 'ENG'"),
    "control_chart_summary": ("provider", "source = 'submitted' AND provider <> 'ENG'"),
}


def multiplied(release: Path, target: Path, services: int) -> None:
    """A copy of a release's files with so many services: each is copied under further codes."""
    target.mkdir(parents=True)
    for file in sorted(release.glob("*.duckdb")):
        shutil.copyfile(file, target / file.name)
        (target / file.name).chmod(0o600)
        with duckdb.connect(str(target / file.name), config=writing()) as con:
            providers = con.execute(
                "SELECT count(*) FROM public.organisation WHERE level = 'provider' AND organisation IN "
                "(SELECT provider FROM public.service_comparison WHERE source = 'submitted')"
            ).fetchall()[0][0]
            times = max(0, -(-services // providers) - 1)
            tables = con.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
            for schema, table in tables:
                if schema in ("public", "mart") and table in _NAMED:
                    column, of = _NAMED[table]
                    con.execute(
                        f"INSERT INTO {schema}.{table} SELECT t.* REPLACE (t.{column} || 'X' || n AS {column}) "
                        f"FROM {schema}.{table} AS t, range(1, {times + 1}) AS r(n) WHERE {of}"
                    )


def run(folder: Path, out: Path) -> None:
    """Write every page of a release and print seconds, pages, bytes, time of a core and peak memory."""
    start = time.perf_counter()
    with opened(folder, PUBLIC) as release:
        public = write_public(release, out / "public")
    middle = time.perf_counter()
    with opened(folder, INSIDE) as release:
        inside = write_inside(release, lambda provider: out / "inside" / provider, out / "centre")
    end = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    largest = max(path.stat().st_size for path in out.rglob("*.html"))
    core = time.process_time()
    print(
        f"{public.pages:>6,} public pages {middle - start:6.1f} s "
        f"{inside.pages:>6,} inside files {end - middle:6.1f} s "
        f"{(public.size + inside.size) / 1e6:7.1f} MB, largest {largest / 1e3:.0f} KB, "
        f"{core:.1f} s of a core, peak memory {peak:.0f} MB"
    )


def main() -> None:
    """Run every size in a process of its own."""
    if sys.argv[1] == "--run":
        run(Path(sys.argv[2]), Path(sys.argv[3]))
        return
    sizes = [int(size) for size in sys.argv[2:]] or list(_SIZES)
    for size in sizes:
        with TemporaryDirectory(prefix="parity-pages-") as folder:
            multiplied(Path(sys.argv[1]), Path(folder) / "release", size)
            print(f"{size:>4} services:", end=" ", flush=True)
            command = [sys.executable, "-m", "benchmarks.pages", "--run", f"{folder}/release", f"{folder}/out"]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
