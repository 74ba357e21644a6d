"""Settings: everything an operator chooses, from environment variables that begin with TIEOUT_."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

EMBEDDED = "embedded://"


class ClockMode(StrEnum):
    """Where the present comes from."""

    WALL = "wall"  # the service: the machine's clock
    RECORDS = "records"  # backfill and tests: never beyond the least heard record
    SIMULATED = "simulated"  # the demo: the simulated company's clock


def _paths(value: str | list[Path]) -> list[Path]:
    return [Path(part) for part in value.split(",") if part] if isinstance(value, str) else value


class Settings(BaseSettings):
    """Every setting has a default with which `tieout worker` runs on a laptop, with nothing but a folder."""

    model_config = SettingsConfigDict(env_prefix="TIEOUT_", extra="forbid", frozen=True)

    app_id: str = Field("tieout", description="Consumer group, and prefix of the table's changelog topic.")
    broker: str = Field(EMBEDDED, description="kafka://host:9092, or embedded:// for a log in the data directory.")
    data_dir: Path = Field(Path("tieout-data"), description="The table's files, and the embedded log.")
    partitions: int = Field(8, ge=1, le=1024, description="Of every topic; it cannot be changed once there is data.")
    replication: int = Field(3, ge=1, description="Copies of every topic, on Kafka.")
    standby_replicas: int = Field(1, ge=0, description="Workers that keep a warm copy of each partition, on Kafka.")
    session_seconds: float = Field(10.0, gt=0, description="After which Kafka gives up on a silent worker.")

    mapping: Annotated[str, AfterValidator(_paths), NoDecode] = Field(
        "", validate_default=True, description="Mapping files, or folders of them, separated by commas."
    )
    policy: Path | None = Field(None, description="Tolerances and grace periods; the built-in policy without one.")

    web_host: str = "127.0.0.1"
    web_port: int = Field(6066, ge=0, le=65535)
    metrics_port: int = Field(6067, ge=0, le=65535, description="Health, readiness and metrics.")
    api_token: SecretStr | None = Field(None, description="Demanded of whoever posts commands or webhooks.")

    clock: ClockMode = ClockMode.WALL
    tick_seconds: float = Field(0.5, gt=0, description="Between two rounds of ticks while something is going on.")
    tick_idle_seconds: float = Field(10.0, gt=0, description="Between two rounds while nothing is.")
    idle_after_seconds: float = Field(60.0, ge=0, description="Silence after which a fully read source counts as heard.")
    simulated_start: datetime | None = Field(None, description="When the simulated clock begins.")
    simulated_speed: float = Field(86_400.0, gt=0, description="Simulated seconds in a second.")

    checkpoint_seconds: float = Field(60.0, gt=0, description="After which a checkpoint that hangs ends the worker.")
    cache_mebibytes: int = Field(256, ge=8, description="Of memory that all partitions' databases share.")
    source_retention_days: int = Field(400, ge=1, description="How long native events are kept.")
    log_level: str = "info"

    @property
    def embedded(self) -> bool:
        """Whether there is no broker."""
        return self.broker.startswith(EMBEDDED)

    @property
    def broker_url(self) -> str:
        """The broker as the transports want it; a bare embedded:// is the folder `log` of the data directory."""
        return f"{EMBEDDED}{self.log_dir}" if self.broker == EMBEDDED else self.broker

    @property
    def log_dir(self) -> Path:
        """Where the embedded log lives."""
        given = self.broker.removeprefix(EMBEDDED).partition("?")[0] if self.embedded else ""
        return Path(given) if given else self.data_dir.resolve() / "log"

    def mapping_files(self) -> list[Path]:
        """The mapping files there are, folders replaced by the YAML files in them."""
        paths: list[Path] = list(self.mapping)  # type: ignore[arg-type]
        return [file for path in paths for file in (sorted(path.glob("*.y*ml")) if path.is_dir() else [path])]
