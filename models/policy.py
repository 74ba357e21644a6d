"""Policy: tolerances, grace periods and severities as data with a version, validated, with a default that ships."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

Hours = Field(ge=0, le=24 * 366)
Minutes = Annotated[int, Field(ge=1, le=60 * 24 * 31)]


class PolicyError(ValueError):
    """A policy that cannot be used; the message names the path of each mistake.

    Operator action: correct the file; `tieout check` validates it.
    """


class Policy(BaseModel):
    """Every threshold the rules use, with the shipped default. Hours unless the name says otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = 1
    amount_tolerance_units: int = Field(1, ge=0, le=1000, description="minor units a line")
    unit_price_decimals: int = Field(6, ge=0, le=12)
    quantity_tolerance: Decimal = Field(Decimal(0), ge=0)
    date_tolerance_days: int = Field(0, ge=0, le=31)
    rounding_units: int = Field(1, ge=0, le=100)
    drift_tolerance_ratio: Decimal = Field(Decimal("0.0001"), ge=0, le=1)
    grace_won_to_order: int = Hours
    grace_won_to_subscription: int = Hours
    grace_invoice_due: int = Hours
    grace_invoice_to_erp: int = Hours
    grace_credit_to_erp: int = Hours
    grace_void_to_erp: int = Hours
    grace_payment_to_billing: int = Hours
    grace_payment_to_erp: int = Hours
    grace_amendment_to_billing: int = Hours
    grace_amendment_to_erp: int = Hours
    grace_schedule: int = Hours
    grace_recognition_days: int = Field(3, ge=0, le=60, description="business days after the period's end")
    grace_settlement_days: int = Field(5, ge=0, le=60, description="business days")
    grace_unapplied_days: int = Field(3, ge=0, le=60, description="business days")
    grace_renewal: int = Hours
    grace_identity: int = Hours
    grace_read: int = Hours
    silence: dict[str, Minutes] = Field(default_factory=dict, description="system: minutes it may be silent; none: not watched")
    materiality: dict[str, Decimal] = Field(default_factory=dict)
    critical_amount: dict[str, Decimal] = Field(default_factory=dict)
    default_materiality: Decimal = Field(Decimal(1000), ge=0)
    default_critical_amount: Decimal = Field(Decimal(50000), gt=0)
    holidays: frozenset[date] = frozenset()
    settled_by: str = Field("billing", pattern="^(billing|erp)$")
    watch_from: date | None = None
    off: frozenset[str] = frozenset()

    @property
    def revision(self) -> str:
        """Identifies this content."""
        body = self.model_dump(mode="json")
        text = repr(sorted((key, sorted(map(str, value)) if isinstance(value, list) else value) for key, value in body.items()))
        return f"{self.version}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    def grace(self, name: str) -> timedelta:
        """The grace of this name, `grace_<name>`, as a duration."""
        return timedelta(hours=getattr(self, f"grace_{name}"))


def parse(text: str, where: str = "policy") -> Policy:
    """The policy in a YAML text, over the shipped defaults; raises PolicyError with the path of what is wrong."""
    try:
        data: Any = yaml.safe_load(text) or {}
        if not isinstance(data, dict):
            raise PolicyError(f"{where}: must be a mapping of names to values")
        shipped = yaml.safe_load(files("models").joinpath("policy.yaml").read_text("utf-8"))
        return Policy.model_validate({**shipped, **data})
    except yaml.YAMLError as error:
        raise PolicyError(f"{where}: is not YAML: {error}") from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise PolicyError(f"{where}: {wrong}") from error


def default() -> Policy:
    """The policy that ships."""
    return parse("")
