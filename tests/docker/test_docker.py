"""What is in docker/: linted, valid where a schema is to be had, closed to the outside, and true to the code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from ruamel.yaml import YAML

DOCKER = Path(__file__).parents[2] / "docker"
KUBERNETES = "1.37"
# The fields of KubeRay's kinds that are used here, with their types, as its API reference lists them (1.6); POD stands
# for a pod template, which is a core kind and validated strictly.
POD = "pod template"
CLUSTER: dict[str, Any] = {
    "rayVersion": str,
    "authOptions": {"mode": str, "secretName": str},
    "enableInTreeAutoscaling": bool,
    "autoscalerOptions": {"idleTimeoutSeconds": int, "upscalingMode": str},
    "headGroupSpec": {"serviceType": str, "enableIngress": bool, "rayStartParams": {"*": str}, "template": POD},
    "workerGroupSpecs": [
        {"groupName": str, "replicas": int, "minReplicas": int, "maxReplicas": int, "rayStartParams": {"*": str},
         "template": POD}
    ],
}  # fmt: skip
JOB: dict[str, Any] = {
    "entrypoint": str,
    "submissionMode": str,
    "shutdownAfterJobFinishes": bool,
    "ttlSecondsAfterFinished": int,
    "backoffLimit": int,
    "rayClusterSpec": CLUSTER,
}


def read(name: str) -> Any:
    return YAML(typ="safe").load((DOCKER / name).read_text())


def check(value: Any, schema: Any, where: str) -> None:
    if schema is POD:
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, **value}
        kubernetes_validate.validate(pod, KUBERNETES, strict=True)
    elif isinstance(schema, list):
        for number, item in enumerate(value):
            check(item, schema[0], f"{where}[{number}]")
    elif isinstance(schema, dict):
        for key, item in value.items():
            assert key in schema or "*" in schema, f"{where}.{key} is no field of this kind"
            check(item, schema.get(key, schema.get("*")), f"{where}.{key}")
    else:
        assert type(value) is schema, f"{where}: {value!r} is not a {schema.__name__}"


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.gpu"])
def test_images_are_linted(name: str) -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, DOCKER / name], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["policy.yaml", "secrets.example.yaml"])
def test_core_kinds_are_valid(name: str) -> None:
    kubernetes_validate.validate(read(f"k8s/{name}"), KUBERNETES, strict=True)


def test_ray_kinds_have_only_fields_that_there_are() -> None:
    cluster, job = read("k8s/cluster.yaml"), read("k8s/job.yaml")
    check(cluster["spec"], CLUSTER, "RayCluster.spec")
    check(job["spec"], JOB, "RayJob.spec")
    own = job["spec"]["rayClusterSpec"]
    pod = own["headGroupSpec"]["template"]["spec"]
    pod["volumes"].remove({"name": "manifest", "configMap": {"name": "asid-manifest"}})
    pod["containers"][0]["volumeMounts"].remove({"name": "manifest", "mountPath": "/etc/asid", "readOnly": True})
    assert own == cluster["spec"], "but for the manifest, the job's cluster is the same as the one that stays"


def test_a_job_runs_the_manifest_of_a_config_map_that_kubectl_makes() -> None:
    """The line that makes it is in the file and in the docs; what it makes is a ConfigMap, mounted where the driver
    reads it. That the entrypoint runs it is tried in tests/pipeline/engine/test_jobs.py."""
    spec = read("k8s/job.yaml")["spec"]
    pod = spec["rayClusterSpec"]["headGroupSpec"]["template"]["spec"]
    name = next(volume["configMap"]["name"] for volume in pod["volumes"] if "configMap" in volume)
    mount = next(mount for mount in pod["containers"][0]["volumeMounts"] if mount["name"] == "manifest")
    line = re.compile(rf"kubectl create configmap {name} --from-file=(\S+)=mine\.yaml")
    told = [
        line.findall(file.read_text()) for file in (DOCKER / "k8s" / "job.yaml", DOCKER.parent / "docs" / "cluster.md")
    ]
    key = told[0][0]
    assert all(told) and {one for found in told for one in found} == {key}
    assert spec["entrypoint"] == f"asid run {mount['mountPath']}/{key} --run s3://bucket/run"
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {key: "recipe: []\n"}}
    kubernetes_validate.validate(config, KUBERNETES, strict=True)


def test_every_node_is_probed() -> None:
    for pod in pods():
        for container in pod["containers"]:
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                assert container[probe]["exec"]["command"][-1] == "http://127.0.0.1:52365/api/healthz"
                assert container[probe]["timeoutSeconds"] > 5, "wget gives up before the probe does"
    services = read("compose.yaml")["services"]
    for name in ("head", "worker"):
        _, *command = services[name]["healthcheck"]["test"]
        assert command == pods()[0]["containers"][0]["readinessProbe"]["exec"]["command"]


def test_an_unknown_field_would_be_found() -> None:
    cluster = read("k8s/cluster.yaml")["spec"]
    cluster["headGroupSpec"]["template"]["spec"]["containers"][0]["volumeMount"] = []
    with pytest.raises(Exception, match="volumeMount"):
        check(cluster, CLUSTER, "RayCluster.spec")


def pods() -> list[dict[str, Any]]:
    spec = read("k8s/cluster.yaml")["spec"]
    return [group["template"]["spec"] for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"])]


def test_nobody_is_root_and_secrets_are_named_not_written() -> None:
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] == 1000
        for container in pod["containers"]:
            assert container["envFrom"] == [{"secretRef": {"name": "asid-keys"}}]
            assert not any(re.search("KEY|TOKEN|SECRET", variable["name"]) for variable in container["env"])
    for name in ("Dockerfile", "Dockerfile.gpu"):
        assert re.findall(r"^USER (.*)$", (DOCKER / name).read_text(), re.MULTILINE)[-1] == "1000:1000"
    assert all(
        value == "" for key, value in read("k8s/secrets.example.yaml")["stringData"].items() if "REGION" not in key
    )


def test_no_port_of_ray_is_open_to_the_outside() -> None:
    services = read("compose.yaml")["services"]
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:3000:3000"], "Grafana's, on this machine alone"
    head = services["head"]["command"]
    assert "--dashboard-host=127.0.0.1" in head
    for name in ("head", "worker"):
        assert services[name]["environment"]["RAY_AUTH_MODE"] == "token"
    spec = read("k8s/cluster.yaml")["spec"]
    assert spec["authOptions"]["mode"] == "token"
    assert spec["headGroupSpec"]["serviceType"] == "ClusterIP" and spec["headGroupSpec"]["enableIngress"] is False
    sources = [rule["from"] for rule in read("k8s/policy.yaml")["spec"]["ingress"]]
    assert sources and all(peer.get("podSelector") for peers in sources for peer in peers)


def test_the_dashboard_draws_metrics_that_there_are() -> None:
    """Every asid metric is drawn, and every asid metric that is drawn is kept."""
    kept = set(re.findall(r'"(asid_\w+)"', (DOCKER.parent / "pipeline" / "engine" / "meters.py").read_text()))
    panels = json.loads((DOCKER / "grafana" / "asid.json").read_text())["panels"]
    drawn = {
        name for panel in panels for target in panel["targets"] for name in re.findall(r"asid_\w+", target["expr"])
    }
    assert drawn == kept - {"asid_busy_seconds"}
