"""The sensor that tells people. It starts no run, and nothing waits for it.

Belongs here: when it looks. Does not belong here: what for (``pipelines.telling.look``).
"""

import dagster as dg

from pipelines.resources import Parity
from pipelines.telling.look import tell


@dg.sensor(
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells people what is wrong and what to do, once for each cause, and when it is over.",
)
def problems_sensor(context: dg.SensorEvaluationContext, parity: Parity) -> dg.SkipReason:
    """Look, and send what people do not know yet."""
    return dg.SkipReason(tell(parity.zones(), context.instance).said())
