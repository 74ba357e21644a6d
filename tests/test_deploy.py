"""What we ship to run tieout with: container, compose and Kubernetes files keep the policies that operators rely on."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.settings import Settings

ROOT = Path(__file__).parent.parent
BASE = ROOT / "k8s" / "base"
OVERLAYS = ("dev", "production")
UID = 10001
HEALTH_PORT = 6067
SELF = {"matchLabels": {"app.kubernetes.io/name": "tieout"}}

Document = dict[str, Any]


def documents(folder: Path) -> list[Document]:
    """The objects that a folder's kustomization lists, its base first."""
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))["resources"]
    found: list[Document] = []
    for name in listed:
        path = (folder / name).resolve()
        found += documents(path) if path.is_dir() else list(yaml.safe_load_all(path.read_text("utf-8")))
    return found


def patched(document: Document, operations: list[Document]) -> Document:
    """A JSON patch of `add` and `replace`, all that our overlays use."""
    result = copy.deepcopy(document)
    for operation in operations:
        *steps, last = operation["path"].strip("/").split("/")
        target: Any = result
        for step in steps:
            target = target[int(step) if isinstance(target, list) else step]
        assert operation["op"] == "add" or last in target, f"{operation['path']} replaces nothing"
        target[last] = operation["value"]
    return result


def one(objects: list[Document], kind: str, name: str = "tieout") -> Document:
    chosen = [d for d in objects if (d["kind"], d["metadata"]["name"]) == (kind, name)]
    assert len(chosen) == 1, f"one {kind} {name}"
    return chosen[0]


def rendered(overlay: str) -> list[Document]:
    """What kustomize makes of an overlay, as far as policies are concerned: resources, patches and replicas."""
    folder = ROOT / "k8s" / "overlays" / overlay
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    found = documents(folder)
    for patch in kustomization.get("patches", []):
        target = patch["target"]
        chosen = one(found, target["kind"], target["name"])
        found[found.index(chosen)] = patched(chosen, yaml.safe_load(patch["patch"]))
    for replicas in kustomization.get("replicas", []):
        one(found, "StatefulSet", replicas["name"])["spec"]["replicas"] = replicas["count"]
    return found


VARIANTS = {"base": documents(BASE)} | {overlay: rendered(overlay) for overlay in OVERLAYS}


@pytest.fixture(params=VARIANTS, name="objects")
def _objects(request: pytest.FixtureRequest) -> list[Document]:
    return VARIANTS[request.param]


def pod(objects: list[Document]) -> Document:
    spec: Document = one(objects, "StatefulSet")["spec"]["template"]["spec"]
    return spec


def container(objects: list[Document]) -> Document:
    (only,) = pod(objects)["containers"]
    result: Document = only
    return result


def test_the_pod_is_not_root_and_can_do_nothing_else(objects: list[Document]) -> None:
    context = pod(objects)["securityContext"]
    own = container(objects)["securityContext"]

    assert (context["runAsNonRoot"], context["runAsUser"], context["runAsGroup"]) == (True, UID, UID)
    assert context["fsGroup"] == UID
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert own["runAsNonRoot"] is True
    assert own["allowPrivilegeEscalation"] is False
    assert own["capabilities"] == {"drop": ["ALL"]}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod(objects))


def test_the_root_file_system_is_read_only_and_data_goes_to_the_volume(objects: list[Document]) -> None:
    mounts = {m["name"]: m["mountPath"] for m in container(objects)["volumeMounts"]}
    claims = [c["metadata"]["name"] for c in one(objects, "StatefulSet")["spec"]["volumeClaimTemplates"]]

    assert container(objects)["securityContext"]["readOnlyRootFilesystem"] is True
    assert claims == ["data"]
    assert mounts == {"data": "/var/lib/tieout", "mapping": "/etc/tieout/mapping", "scratch": "/tmp"}
    assert one(objects, "ConfigMap")["data"]["TIEOUT_DATA_DIR"] == mounts["data"]
    assert one(objects, "ConfigMap")["data"]["TIEOUT_MAPPING"] == mounts["mapping"]


def test_no_service_account_token_is_mounted(objects: list[Document]) -> None:
    assert pod(objects)["serviceAccountName"] == "tieout"
    assert pod(objects)["automountServiceAccountToken"] is False
    assert one(objects, "ServiceAccount")["automountServiceAccountToken"] is False


@pytest.mark.parametrize(("probe", "path"), [("startup", "live"), ("liveness", "live"), ("readiness", "ready")])
def test_each_probe_asks_the_health_port(objects: list[Document], probe: str, path: str) -> None:
    asked = container(objects)[f"{probe}Probe"]["httpGet"]
    ports = {p["name"]: p["containerPort"] for p in container(objects)["ports"]}

    assert asked["path"] == f"/health/{path}"
    assert ports[asked["port"]] == HEALTH_PORT
    assert one(objects, "ConfigMap")["data"]["TIEOUT_METRICS_PORT"] == str(HEALTH_PORT)


def test_memory_request_is_the_limit(objects: list[Document]) -> None:
    resources = container(objects)["resources"]

    assert resources["requests"]["memory"] == resources["limits"]["memory"]
    assert "cpu" in resources["requests"]


def test_pods_keep_their_names_and_start_together(objects: list[Document]) -> None:
    spec = one(objects, "StatefulSet")["spec"]

    assert spec["podManagementPolicy"] == "Parallel"
    assert spec["serviceName"] == one(objects, "Service")["metadata"]["name"]
    assert one(objects, "Service")["spec"]["clusterIP"] == "None"
    assert {c["topologyKey"] for c in pod(objects)["topologySpreadConstraints"]} >= {"kubernetes.io/hostname"}
    assert all(c["labelSelector"] == SELF == spec["selector"] for c in pod(objects)["topologySpreadConstraints"])


def test_a_pod_has_time_to_leave(objects: list[Document]) -> None:
    (_, seconds) = container(objects)["lifecycle"]["preStop"]["exec"]["command"]

    assert int(seconds) + 30 <= pod(objects)["terminationGracePeriodSeconds"]


def test_one_worker_at_a_time_is_disrupted(objects: list[Document]) -> None:
    assert one(objects, "PodDisruptionBudget")["spec"] == {"maxUnavailable": 1, "selector": SELF}


def test_the_network_denies_by_default(objects: list[Document]) -> None:
    policies = [d["spec"] for d in objects if d["kind"] == "NetworkPolicy"]
    deny = one(objects, "NetworkPolicy", "default-deny")["spec"]

    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    openings = [rule for p in policies for rule in (*p.get("ingress", ()), *p.get("egress", ()))]
    assert openings and all((rule.get("from") or rule.get("to")) and rule["ports"] for rule in openings), "no opening is for everybody"


def test_services_name_ports_that_the_container_has(objects: list[Document]) -> None:
    ports = {p["name"] for p in container(objects)["ports"]}
    asked = {p["targetPort"] for d in objects if d["kind"] == "Service" for p in d["spec"]["ports"]}

    assert asked == ports
    assert all(d["spec"]["selector"] == SELF["matchLabels"] for d in objects if d["kind"] == "Service")


def test_the_token_comes_from_a_secret_and_no_secret_is_committed(objects: list[Document]) -> None:
    (token,) = [e for e in container(objects)["env"] if e["name"] == "TIEOUT_API_TOKEN"]

    assert token["valueFrom"]["secretKeyRef"] == {"name": "tieout", "key": "api-token"}
    assert "TIEOUT_API_TOKEN" not in one(objects, "ConfigMap")["data"]
    assert all(d["kind"] != "Secret" for d in objects)


@pytest.fixture(name="settings")
def _settings(objects: list[Document], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What the worker reads in a pod."""
    for name, value in one(objects, "ConfigMap")["data"].items():
        monkeypatch.setenv(name, value)
    return Settings()


def test_the_settings_are_accepted_and_agree_with_the_ports(objects: list[Document], settings: Settings) -> None:
    ports = {p["name"]: p["containerPort"] for p in container(objects)["ports"]}

    assert (settings.web_port, settings.metrics_port) == (ports["web"], ports["health"])
    assert settings.web_host == "0.0.0.0"
    assert pod(objects)["enableServiceLinks"] is False, "or Kubernetes sets TIEOUT_WEB_PORT to the address of a Service"


def test_the_stores_cache_fits_into_the_memory(objects: list[Document], settings: Settings) -> None:
    number, unit = re.fullmatch(r"(\d+)(Mi|Gi)", container(objects)["resources"]["limits"]["memory"]).groups()  # type: ignore[union-attr]

    assert settings.cache_mebibytes * 4 <= int(number) * (1024 if unit == "Gi" else 1)


def test_the_embedded_transport_is_never_scaled(objects: list[Document], settings: Settings) -> None:
    """One process writes the embedded log; only what names a Kafka broker may have replicas, at most one per partition."""
    replicas = one(objects, "StatefulSet")["spec"]["replicas"]

    assert replicas <= (1 if settings.embedded else settings.partitions)


def test_production_has_three_replicas() -> None:
    assert one(VARIANTS["production"], "StatefulSet")["spec"]["replicas"] == 3


def compose() -> Document:
    loaded: Document = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return loaded


def test_compose_runs_one_hardened_worker() -> None:
    worker = compose()["services"]["tieout"]

    assert worker["user"] == f"{UID}:{UID}"
    assert worker["read_only"] is True
    assert worker["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in worker["security_opt"]
    assert "profiles" not in worker and "depends_on" not in worker
    assert all(port.startswith("127.0.0.1:") for port in worker["ports"])
    assert "TIEOUT_BROKER" not in worker["environment"]


def test_compose_has_kafka_only_on_demand() -> None:
    kafka = compose()["services"]["kafka"]

    assert kafka["profiles"] == ["kafka"]
    assert kafka["image"] == "apache/kafka:4.1.1"
    assert kafka["environment"]["KAFKA_PROCESS_ROLES"] == "broker,controller"


def test_every_volume_of_compose_is_declared() -> None:
    used = {
        volume.split(":")[0] for service in compose()["services"].values() for volume in service["volumes"] if not volume.startswith("./")
    }

    assert used == set(compose()["volumes"])


def environment_names() -> set[str]:
    """Every TIEOUT_ name that a file we ship sets."""
    files = [ROOT / "Dockerfile", ROOT / "docker-compose.yml", *(ROOT / "k8s").rglob("*.yaml")]
    return {name for path in files for name in re.findall(r"\bTIEOUT_[A-Z_]+\b", path.read_text("utf-8"))}


def test_every_setting_exists() -> None:
    known = {f"TIEOUT_{field.upper()}" for field in Settings.model_fields}

    assert environment_names() - known == set()


def test_the_image_runs_as_nobody_in_particular() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    last_stage = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM ")) :]

    assert len([line for line in lines if line.startswith("FROM python:3.11-slim")]) == 2
    assert f"USER {UID}:{UID}" in last_stage
    assert 'ENTRYPOINT ["tieout"]' in last_stage and 'CMD ["worker"]' in last_stage
    assert any("/health/live" in line and str(HEALTH_PORT) in line for line in last_stage)
    assert not any("pip install" in line for line in last_stage)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on this machine")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kustomize_agrees(overlay: str) -> None:
    """Our small rendering above and kustomize make the same workload."""
    ran = subprocess.run(["kubectl", "kustomize", str(ROOT / "k8s" / "overlays" / overlay)], capture_output=True, text=True, check=True)
    theirs = list(yaml.safe_load_all(ran.stdout))

    assert sorted(d["kind"] for d in theirs) == sorted(d["kind"] for d in VARIANTS[overlay])
    assert container(theirs) == container(VARIANTS[overlay])
    assert one(theirs, "ConfigMap")["data"] == one(VARIANTS[overlay], "ConfigMap")["data"]
