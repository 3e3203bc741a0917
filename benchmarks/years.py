"""`make bench-years`: two years of many providers through the inbox, its sensor and Dagster's runs.

Belongs here: tiny submissions, and seconds and bytes of each thousand: they should stay what they are. Does not
belong here: how long large submissions take (``benchmarks.load``).

The sensor's own function is called, twice for each arrival as its rule of rest asks, and the runs that it requests
are executed in this process. So starting a process for each run, some 4 seconds, is not in the figures. After each
month everything is pruned as it would be two days later: that is what the schedule ``daily_pruning`` does.
"""

import argparse
import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

_HEADER = (
    "DatSetVer,OrgIDProv,OrgIDSubmit,PrimSystemInUse,ReportingPeriodStartDate,ReportingPeriodEndDate,"
    "DateTimeDatSetCreate\n"
)
_PATIENT = (
    "LocalPatientId,OrgIDLocalPatientId,OrgIDResidenceResp,NHSNumber,NHSNumberStatus,PersonBirthDate,Postcode,"
    "Gender,EthnicCategory,ExBAFIndicator,LanguageCodePreferred,EduEstabTypeIAPT\n"
)
_REFERRAL = (
    "ServiceRequestId,LocalPatientId,OrgIDComm,ReferralRequestReceivedDate,SourceOfReferralMH,OnsetDate,"
    "PrevDiagCondInd,EndCode,ServDischDate\n"
)
# Two numbers of the range that was never issued, with right check digits.
_NUMBERS = ("9990000018", "9990000026")
_PARTS = ("dagster", "received", "pseudonymised", "site_reports", "inbox", "ledger")


def put(inbox: Path, provider: str, month: date) -> None:
    """Put a submission of two people into the inbox."""
    end = (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    folder = inbox / f"{provider}_{month:%Y-%m}"
    folder.mkdir()
    made = f"{end + timedelta(days=6)}T09:30:00"
    tables = {
        "IDS000Header": f"{_HEADER}2.0,{provider},{provider},TEST,{month},{end},{made}\n",
        "IDS001MPI": _PATIENT
        + "".join(
            f"P{n},{provider},QE1,{number},01,1980-06-15,LA1 4YW,2,A,,en,\n" for n, number in enumerate(_NUMBERS)
        ),
        "IDS101Referral": _REFERRAL
        + "".join(f"R{month:%y%m}{n},P{n},QE1,{month.replace(day=2 + n)},B1,,,,\n" for n, _ in enumerate(_NUMBERS)),
    }
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")


def arrivals(providers: int, submissions: int, at_once: int) -> Iterator[list[tuple[str, date]]]:
    """What arrives together: month by month, in any order of the providers."""
    drawn, month = random.Random(1), date(2024, 4, 1)
    names = [f"R{number:03}" for number in range(providers)]
    while submissions > 0:
        drawn.shuffle(names)
        for start in range(0, providers, at_once):
            together = names[start : start + at_once][:submissions]
            submissions -= len(together)
            if together:
                yield [(name, month) for name in together]
        month = (month + timedelta(days=32)).replace(day=1)


def sizes(home: Path) -> Counter[str]:
    """Bytes of each part of the data root."""
    found: Counter[str] = Counter()
    for part in _PARTS:
        for path in home.glob(f"{part}*"):
            files = [path] if path.is_file() else path.rglob("*")
            found[part] += sum(file.stat().st_size for file in files if file.is_file())
    return found


def core_seconds() -> float:
    """Processor seconds of this process and of those below it, as Linux counts them."""
    children = [
        each for task in Path("/proc/self/task").iterdir() for each in (task / "children").read_text().split()
    ]
    living = 0
    for child in children:
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        living += sum(map(int, fields[11:15]))  # its own and those of its ended children, in user and system mode
    return sum(os.times()[:4]) + living / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Load so many submissions, and print a row for each step of them."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--submissions", type=int, default=4800)
    asked.add_argument("--providers", type=int, default=200)
    asked.add_argument("--at-once", type=int, default=50, help="how many arrive between two looks")
    asked.add_argument("--step", type=int, default=1000, help="how many are a row of the table")
    of = asked.parse_args()
    with TemporaryDirectory() as root:
        os.environ["PARITY_HOME"] = str(Path(root) / "home")
        os.environ["PARITY_KEY_FILE"] = str(Path(root) / "key")
        measure(of.submissions, of.providers, of.at_once, of.step)


def measure(submissions: int, providers: int, at_once: int, step: int) -> None:
    """Print the table."""
    import dagster as dg

    from pipelines.automation import inbox_sensor
    from pipelines.custody.prune import prune
    from pipelines.dagster_home import instance
    from pipelines.definitions import defs
    from pipelines.ledger import open_ledger
    from pipelines.resources import Parity
    from pipelines.run import QUIET
    from pipelines.zones import zones

    found = zones()
    parity = Parity(home=str(found.home))
    job = defs.resolve_job_def("load_submissions")
    kb = " | ".join(f"{part}, KB" for part in _PARTS)
    print(f"| submissions | runs | ms each | core ms each | longest tick, s | longest cursor, B | {kb} |")
    print("|" + "---:|" * (6 + len(_PARTS)), flush=True)
    with instance(found) as dagster:
        cursor: str | None = None
        done, since, before = 0, 0, sizes(found.home)
        runs, loading, ticks, cursors = 0, 0.0, [0.0], [0]
        core, month_of_last = core_seconds(), date(2024, 4, 1)
        for together in arrivals(providers, submissions, at_once):
            if (now_comes := together[0][1]) != month_of_last:
                later = datetime.now(UTC) + timedelta(days=2)
                prune(found, open_ledger(found.ledger), later, dagster=dagster)
                month_of_last = now_comes
            for provider, month in together:
                put(found.inbox, provider, month)
            waiting = True
            while waiting:
                with dg.build_sensor_context(instance=dagster, cursor=cursor) as context:
                    started = time.perf_counter()
                    ticked = inbox_sensor(context, parity=parity)
                    ticks.append(time.perf_counter() - started)
                assert isinstance(ticked, dg.SensorResult)
                cursor = ticked.cursor
                cursors.append(len(cursor or ""))
                for request in ticked.run_requests or ():
                    started = time.perf_counter()
                    tags = {**request.tags, "dagster/run_key": str(request.run_key)}
                    config = {**QUIET, **request.run_config}
                    assert job.execute_in_process(
                        run_config=config, instance=dagster, resources={"parity": parity}, tags=tags
                    ).success
                    loading += time.perf_counter() - started
                    runs += 1
                waiting = cursor != "{}"
            done, since = done + len(together), since + len(together)
            if since >= step or done == submissions:
                now = sizes(found.home)
                each = " | ".join(f"{(now[part] - before[part]) / since / 1000:.1f}" for part in _PARTS)
                used, core = core_seconds() - core, core_seconds()
                took = f"{loading / since * 1000:.0f} | {used / since * 1000:.0f} | {max(ticks):.2f}"
                print(f"| {done} | {runs} | {took} | {max(cursors)} | {each} |", flush=True)
                before, since, runs, loading, ticks, cursors = now, 0, 0, 0.0, [0.0], [0]
        states = Counter(outcome.state.value for outcome in open_ledger(found.ledger).outcomes())
        print(f"\n{json.dumps(states)}; left in the inbox: {sum(1 for _ in found.inbox.iterdir()) - 1}")


if __name__ == "__main__":
    main()
