"""Organisation: the facts about one company that no payload carries and that the rules need."""

from __future__ import annotations

import msgspec


class Organisation(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which system plays which role, in which zone and currency, and how each product's revenue is recognised.

    `landscape` maps a role (crm, cpq, billing, tax, payment, provisioning, usage, erp) to the system that plays it;
    a role that is missing has no system, and rules about it are not applicable. `patterns` maps a canonical product to
    `ratable`, `point_in_time` or `usage`. `mapping_version` identifies the mapping that these facts came from.
    """

    name: str
    landscape: dict[str, str]
    zone: str = "UTC"
    currency: str | None = None
    default_entity: str | None = None
    patterns: dict[str, str] = {}
    mapping_version: str = ""

    def has(self, *roles: str) -> bool:
        """Whether all of these roles are played by a system."""
        return all(role in self.landscape for role in roles)
