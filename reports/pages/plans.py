"""The page of a service's plans: demand and capacity, where it is going, what is paid for. For the service alone.

Belongs here: what stands on the page. Does not belong here: the blocks (``capacity``, ``trajectory``, ``payment``),
and what became of people (``service``). It is a page of its own: with all of it the page of a service had 415 KB,
and 400 are the most.
"""

from collections.abc import Mapping
from typing import Any

from reports.pages import addresses
from reports.pages.capacity import Capacities
from reports.pages.page import Page, rendered
from reports.pages.payment import Payments
from reports.pages.release import Release
from reports.pages.trajectory import Trajectories


class Plans:
    """The plans of all services, read once and handed out service by service."""

    def __init__(self, release: Release) -> None:
        """Of the inside edition of a release; the public one has none."""
        self._release = release
        self._capacities, self._payments = Capacities(release), Payments(release)
        self._trajectories = Trajectories(release)

    def page(self, provider: str, name: str) -> Page | None:
        """The page of a service, asked for in the order of their codes; None if there is nothing to say."""
        blocks: Mapping[str, Any] = {
            "capacity": self._capacities.of(provider),
            "trajectories": self._trajectories.of(provider),
            "payments": self._payments.of(provider),
        }
        if not any(blocks.values()):
            return None
        values = {"code": provider, "name": name, **blocks}
        return rendered("plans.html", addresses.PLANS, self._release, values, provider=provider)
