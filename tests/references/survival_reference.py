"""Kaplan-Meier and cumulative incidence by lifelines, for ``tests.warehouse.test_survival``.

Belongs here: what runs in the environment of ``tests/references.lock``, which has lifelines and not Parity. Reads
``{"days": [...], "ends": [...]}`` (0: followed no longer, 1: started, 2: left) and writes the estimates by day.
"""

import json
import sys

from lifelines import AalenJohansenFitter, KaplanMeierFitter

asked = json.load(sys.stdin)
days, ends = asked["days"], asked["ends"]
waiting = KaplanMeierFitter().fit(days, [end == 1 for end in ends])
# Days differ, so that nothing is moved apart at random.
started = AalenJohansenFitter().fit(days, ends, event_of_interest=1)
found = {
    "waiting": waiting.survival_function_.iloc[:, 0],
    "waiting_low": waiting.confidence_interval_survival_function_.iloc[:, 0],
    "waiting_high": waiting.confidence_interval_survival_function_.iloc[:, 1],
    "started": started.cumulative_density_.iloc[:, 0],
    "started_low": started.confidence_interval_.iloc[:, 0],
    "started_high": started.confidence_interval_.iloc[:, 1],
}
told = {name: [[int(day), float(value)] for day, value in each.items()] for name, each in found.items()}
json.dump({"median": float(waiting.median_survival_time_), **told}, sys.stdout)
