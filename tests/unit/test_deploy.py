"""Image, compose file, manifests, unit and tunnel agree with the program and with one another."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from richspeech.api.middleware.visitors import OPEN
from richspeech.settings import Settings, load_settings
from tests.fakes import wait_until

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
IMAGE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
UNIT = (DEPLOY / "systemd" / "richspeech.service").read_text(encoding="utf-8")
WORKER_UNIT = (DEPLOY / "systemd" / "richspeech-worker@.service").read_text(encoding="utf-8")
WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
NAMING = [
    *(ROOT / "Dockerfile", ROOT / "compose.yaml", *ROOT.glob(".github/workflows/*.yml")),
    *(path for path in DEPLOY.rglob("*") if path.suffix in {".yaml", ".service", ".conf"}),
    *ROOT.glob("docs/deployment*.md"),
]
VARIABLE = re.compile(r"\bRICHSPEECH_(\w+)")
PROBED = re.compile(r"(?:path: |127\.0\.0\.1:6006)(/\w+)")
KIB = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


def manifests(folder: str) -> dict[str, dict[str, Any]]:
    """Objects of a folder of manifests, by kind; claims of volumes by kind and name.

    What changes those of another folder is left out.
    """
    found = {}
    for path in sorted((DEPLOY / "kubernetes" / folder).glob("*.yaml")):
        if path.name.endswith(".patch.yaml"):
            continue
        for each in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            name = f" {each['metadata']['name']}" if "Claim" in each["kind"] else ""
            found[each["kind"] + name] = each
    return found


BASE = manifests("base")
POD: dict[str, Any] = BASE["Deployment"]["spec"]["template"]["spec"]
CONTAINER: dict[str, Any] = POD["containers"][0]
WORKER_POD: dict[str, Any] = manifests("workers")["Deployment"]["spec"]["template"]["spec"]
WORKER: dict[str, Any] = WORKER_POD["containers"][0]


def port() -> int:
    return load_settings(ROOT / "config.yaml").server.port


def settings_named(text: str) -> Iterator[tuple[str, str]]:
    for name in VARIABLE.findall(text):
        group, _, key = name.lower().partition("__")
        yield group, key


def test_every_variable_that_is_set_is_a_setting() -> None:
    fields = Settings.model_fields
    named = {each for path in NAMING for each in settings_named(path.read_text(encoding="utf-8"))}
    groups = {group: key for group, key in named if key}
    assert {"server", "model", "history"} <= set(groups)
    unknown = {
        (group, key)
        for group, key in named
        # RICHSPEECH_PORT stands in a comment, as what is no setting.
        if (group, key) != ("port", "")
        and (group not in fields or key not in getattr(fields[group].annotation, "model_fields"))  # noqa: B009
    }
    assert unknown == set()


def test_compose_publishes_the_port_of_the_settings_on_this_machine_alone() -> None:
    published = [
        each for service in COMPOSE["services"].values() for each in service.get("ports", [])
    ]
    assert published == [f"127.0.0.1:{port()}:{port()}"] * 2


def test_compose_starts_nothing_without_passwords() -> None:
    variables = re.findall(r"\$\{(\w+)(:[?-].+?)?\}", (ROOT / "compose.yaml").read_text("utf-8"))
    assert {name for name, demand in variables if demand.startswith(":?")} == {
        *("RICHSPEECH_SERVER__USER", "RICHSPEECH_SERVER__PASSWORD", "POSTGRES_PASSWORD")
    }
    others = {(name, demand) for name, demand in variables if not demand.startswith(":?")}
    assert others == {("RICHSPEECH_JOBS__QUEUE", ":-builtin")}


def test_workers_do_what_the_consoles_hand_in_and_listen_nowhere() -> None:
    services = COMPOSE["services"]
    workers = {name: each for name, each in services.items() if name.startswith("worker")}
    assert len(workers) == 3
    for each in workers.values():
        assert each["command"][:2] == ["richspeech", "worker"]
        assert not each["ports"]
        assert each["volumes"] == services["cpu"]["volumes"]
        for key in ("RICHSPEECH_HISTORY__URL", "RICHSPEECH_JOBS__BROKER", "RICHSPEECH_JOBS__QUEUE"):
            assert each["environment"][key] == services["cpu"]["environment"][key]
        assert set(each["profiles"]) <= set(services["redis"]["profiles"])


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_services_have_no_more_rights_than_they_need(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service["profiles"]


def test_the_database_cannot_be_reached_from_outside() -> None:
    assert COMPOSE["networks"]["back"] == {"internal": True}
    for name in ("postgres", "redis"):
        assert COMPOSE["services"][name]["networks"] == ["back"]


def test_one_profile_takes_the_first_gpu_and_no_other() -> None:
    [gpu] = COMPOSE["services"]["gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert gpu == {"driver": "nvidia", "device_ids": ["0"], "capabilities": ["gpu"]}
    assert "deploy" not in COMPOSE["services"]["cpu"]
    assert COMPOSE["services"]["gpu"]["build"]["args"] == {"TORCH_INDEX": ""}
    assert re.search(r"^ARG TORCH_INDEX=\S+/cpu$", IMAGE, re.MULTILINE)


def test_nothing_is_root() -> None:
    assert re.findall(r"^USER (.+)$", IMAGE, re.MULTILINE) == ["1000:1000"]
    system = (ROOT / "scripts" / "install_system.sh").read_text(encoding="utf-8")
    assert "useradd --uid 1000" in system
    security = POD["securityContext"]
    assert (security["runAsUser"], security["runAsGroup"], security["fsGroup"]) == (
        1000,
        1000,
        1000,
    )
    assert security["runAsNonRoot"]
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert re.findall(r"^User=(.+)$", UNIT, re.MULTILINE) == ["richspeech"]


def test_workers_have_the_rights_of_the_console_and_no_others() -> None:
    for name in ("securityContext", "automountServiceAccountToken", "enableServiceLinks"):
        assert WORKER_POD[name] == POD[name]
    assert WORKER["securityContext"] == CONTAINER["securityContext"]
    assert WORKER["args"][:2] == ["richspeech", "worker"]
    assert not {"ports", "livenessProbe", "readinessProbe"} & WORKER.keys()
    mounts = [{each["mountPath"] for each in one["volumeMounts"]} for one in (CONTAINER, WORKER)]
    assert mounts[0] == mounts[1]

    def granted(unit: str) -> set[str]:
        return {
            line
            for line in unit.splitlines()
            if "=" in line and not line.startswith(("#", "Exec", "EnvironmentFile", "Description"))
        }

    assert granted(WORKER_UNIT) - granted(UNIT) == {"Environment=WORKER_KIND=all"}
    assert granted(UNIT) <= granted(WORKER_UNIT)
    [start] = re.findall(r"^ExecStart=(.+)$", WORKER_UNIT, re.MULTILINE)
    assert start.startswith("/opt/richspeech/.venv/bin/richspeech worker ")


def test_console_and_workers_of_a_cluster_are_told_of_the_same_jobs() -> None:
    path = DEPLOY / "kubernetes" / "workers" / "console.patch.yaml"
    patch = yaml.safe_load(path.read_text(encoding="utf-8"))
    [console] = patch["spec"]["template"]["spec"]["containers"]
    assert (patch["metadata"]["name"], console["name"]) == ("richspeech", CONTAINER["name"])
    assert console["envFrom"] == WORKER["envFrom"]
    assert [each for each in console["env"] if each not in WORKER["env"]] == []


def test_ports_are_that_of_the_settings() -> None:
    assert re.findall(r"^EXPOSE (\d+)$", IMAGE, re.MULTILINE) == [str(port())]
    [probe] = [each for each in CONTAINER["env"] if each["name"].endswith("PROBE_PORT")]
    assert CONTAINER["ports"] == [
        {"name": "http", "containerPort": port()},
        {"name": "probe", "containerPort": int(probe["value"])},
    ]
    assert BASE["Service"]["spec"]["ports"] == [
        {"name": "http", "port": port(), "targetPort": "http"}
    ]
    tunnel = (ROOT / "scripts" / "tunnel.sh").read_text(encoding="utf-8")
    assert re.findall(r"=\$\{[23]-(\d+)\}", tunnel) == [str(port())] * 2


def test_probes_ask_for_what_is_open() -> None:
    texts = [
        IMAGE,
        WORKFLOW,
        (DEPLOY / "kubernetes" / "base" / "deployment.yaml").read_text("utf-8"),
    ]
    paths = [path for text in texts for path in PROBED.findall(text)]
    assert len(paths) == 5
    assert set(paths) <= set(OPEN)
    assert CONTAINER["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    assert CONTAINER["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "probe"}
    for probe in ("startupProbe", "livenessProbe"):
        assert CONTAINER[probe]["httpGet"]["path"] != "/readyz", (
            "a slow download is no reason to kill"
        )


def test_supervisors_wait_until_the_console_has_saved_what_it_can() -> None:
    stop = load_settings(ROOT / "config.yaml").server.stop_seconds
    graces = [
        *(COMPOSE["services"][name]["stop_grace_period"].rstrip("s") for name in ("cpu", "gpu")),
        *(each["terminationGracePeriodSeconds"] for each in (POD, WORKER_POD)),
        *re.findall(r"^TimeoutStopSec=(\d+)$", UNIT + WORKER_UNIT, re.MULTILINE),
        *re.findall(r"docker stop --time (\d+)", WORKFLOW),
    ]
    assert len(graces) == 7
    assert min(float(each) for each in graces) > stop


def test_everything_that_is_written_lies_in_a_volume() -> None:
    environment = dict(re.findall(r"^(?:ENV|   ) ([A-Z_]+)=(\S+)", IMAGE, re.MULTILINE))
    data, cache = f"{environment['XDG_DATA_HOME']}/richspeech", environment["XDG_CACHE_HOME"]
    assert f'VOLUME ["{data}", "{cache}"]' in IMAGE
    caches = ("MODELSCOPE_CACHE", "HF_HOME", "NUMBA_CACHE_DIR", "RICHSPEECH_MODEL__CACHE_FOLDER")
    assert all(environment[each].startswith(f"{cache}/") for each in caches)
    wanted = {data, cache, environment["TMPDIR"], "/tmp"}  # noqa: S108 - a folder of the container
    assert {each["mountPath"] for each in CONTAINER["volumeMounts"]} == wanted
    for name in ("cpu", "gpu"):
        service = COMPOSE["services"][name]
        assert {each.partition(":")[2] for each in service["volumes"]} | {
            each.partition(":")[0] for each in service["tmpfs"]
        } == wanted
    in_the_unit = dict(re.findall(r"[ =]([A-Z_]+)=(\S+)", UNIT))
    same = (*caches, "XDG_DATA_HOME", "XDG_CACHE_HOME", "TMPDIR")
    assert {each: in_the_unit[each] for each in same} == {each: environment[each] for each in same}


def test_telemetry_is_off_everywhere() -> None:
    for text in (IMAGE, UNIT, WORKER_UNIT):
        for each in (
            "GRADIO_ANALYTICS_ENABLED=False",
            "HF_HUB_DISABLE_TELEMETRY=1",
            "DO_NOT_TRACK=1",
        ):
            assert each in text


def test_uploads_find_room_in_their_volume() -> None:
    [uploads] = [each for each in POD["volumes"] if each["name"] == "uploads"]
    size = uploads["emptyDir"]["sizeLimit"]
    room = int(size[:-2]) * KIB[size[-2:]]
    assert room > load_settings(ROOT / "config.yaml").limits.upload_total_bytes


def test_kubernetes_gives_no_variables_that_the_settings_would_refuse() -> None:
    """A service named richspeech means RICHSPEECH_PORT and others in every pod that allows it."""
    assert BASE["Service"]["metadata"]["name"] == "richspeech"
    assert POD["enableServiceLinks"] is False


def test_service_and_policy_mean_the_pods_of_the_deployment() -> None:
    labels = BASE["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert BASE["Deployment"]["spec"]["selector"] == {"matchLabels": labels}
    assert BASE["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}
    assert BASE["Service"]["spec"]["selector"] == labels
    assert BASE["NetworkPolicy"]["spec"]["podSelector"] == {"matchLabels": labels}
    claims = [each["persistentVolumeClaim"]["claimName"] for each in POD["volumes"][:2]]
    assert [f"PersistentVolumeClaim {claim}" in BASE for claim in claims] == [True, True]


@pytest.mark.parametrize(
    ("file", "name"),
    [("gpu/deployment.yaml", "richspeech"), ("gpu-workers/worker.patch.yaml", "richspeech-worker")],
)
def test_the_overlays_ask_for_one_gpu(file: str, name: str) -> None:
    path = DEPLOY / "kubernetes" / file
    images = manifests(path.parent.name)["Kustomization"]["images"]
    assert images == [{"name": "richspeech", "newTag": "cuda"}]
    patch = yaml.safe_load(path.read_text(encoding="utf-8"))
    [container] = patch["spec"]["template"]["spec"]["containers"]
    assert (patch["metadata"]["name"], container["name"]) == (name, CONTAINER["name"])
    assert container["resources"] == {"limits": {"nvidia.com/gpu": "1"}}


@pytest.mark.parametrize("folder", ["base", "gpu", "workers", "gpu-workers"])
def test_kustomizations_name_files_that_exist(folder: str) -> None:
    kustomization = manifests(folder)["Kustomization"]
    named = [
        *kustomization["resources"],
        *(each["path"] for each in kustomization.get("patches", [])),
    ]
    assert named
    assert [each for each in named if not (DEPLOY / "kubernetes" / folder / each).exists()] == []


def test_the_image_copies_what_exists_and_is_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", IMAGE, re.MULTILINE)
        for source in line.split()
    ]
    assert "requirements.txt" in copied
    assert [each for each in copied if not (ROOT / each).exists()] == []
    assert {each.removeprefix("!") for each in ignored if each.startswith("!")} == set(copied)


def test_commands_of_the_documents_name_profiles_arguments_and_manifests_that_exist() -> None:
    documents = [ROOT / "README.md", ROOT / "README_zh.md", *ROOT.glob("docs/deployment*.md")]
    text = "".join(path.read_text(encoding="utf-8") for path in documents)
    profiles = set(re.findall(r"--profile (\w+)", text))
    assert {"cpu", "gpu"} <= profiles
    assert profiles <= {each for one in COMPOSE["services"].values() for each in one["profiles"]}
    arguments = set(re.findall(r"--build-arg (\w+)", text))
    assert arguments
    assert arguments <= set(re.findall(r"^ARG (\w+)", IMAGE, re.MULTILINE))
    folders = set(re.findall(r"apply -k ([\w/-]+)", text))
    assert folders
    assert [each for each in folders if not (ROOT / each / "kustomization.yaml").exists()] == []
    secrets = {each["valueFrom"]["secretKeyRef"]["name"] for each in CONTAINER["env"][:2]}
    secrets |= {each["secretRef"]["name"] for each in WORKER["envFrom"]}
    assert secrets == set(re.findall(r"create secret generic ([\w-]+)", text))


@pytest.mark.process
def test_settings_may_be_mounted_as_files(tmp_path: Path) -> None:
    (tmp_path / "RICHSPEECH_SERVER__PASSWORD").write_text("pass $word\n", encoding="utf-8")
    (tmp_path / "another").write_text("not ours", encoding="utf-8")
    command = [
        "sh",
        str(DEPLOY / "entrypoint.sh"),
        "sh",
        "-c",
        'echo "$RICHSPEECH_SERVER__PASSWORD"',
    ]
    done = subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], "SECRETS": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "pass $word\n"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of commands: ssh breaks as often as ``breaks`` says, and nobody sleeps."""
    commands = {
        "ssh": 'echo "$@" >>"$PLACE/ssh.log"; '
        'test "$(wc -l <"$PLACE/ssh.log")" -gt "$BREAKS" || exit 255',
        "sleep": 'echo "$@" >>"$PLACE/sleep.log"',
    }
    for name, script in commands.items():
        command = tmp_path / name
        command.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        command.chmod(0o755)
    return tmp_path


def tunnel(machine: Path, *arguments: str, breaks: int = 0) -> subprocess.CompletedProcess[str]:
    path = f"{machine}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", str(ROOT / "scripts" / "tunnel.sh"), *arguments],
        env={"PATH": path, "PLACE": str(machine), "BREAKS": str(breaks)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.process
def test_the_tunnel_leads_from_loopback_to_loopback(machine: Path) -> None:
    done = tunnel(machine, "me@server")
    assert done.returncode == 0
    asked = (machine / "ssh.log").read_text(encoding="utf-8")
    assert asked.endswith("-L 127.0.0.1:6006:127.0.0.1:6006 -- me@server\n")
    assert "-o ExitOnForwardFailure=yes -o ServerAliveInterval=15" in asked


@pytest.mark.process
def test_the_tunnel_comes_back_and_waits_longer_every_time(machine: Path) -> None:
    done = tunnel(machine, "me@server", "7000", "6006", breaks=7)
    assert done.returncode == 0
    waited = (machine / "sleep.log").read_text(encoding="utf-8").split()
    assert waited == ["1", "2", "4", "8", "16", "30", "30"]
    asked = (machine / "ssh.log").read_text(encoding="utf-8").splitlines()
    assert len(asked) == 8
    assert all("-L 127.0.0.1:7000:127.0.0.1:6006" in each for each in asked)
    assert "The tunnel to me@server is down; next try in 30 s." in done.stderr


@pytest.mark.process
def test_the_tunnel_ends_with_its_script(machine: Path) -> None:
    (machine / "ssh").write_text(
        '#!/bin/sh\necho $$ >"$PLACE/pid"\nexec tail -f /dev/null\n', "utf-8"
    )
    script = subprocess.Popen(
        ["bash", str(ROOT / "scripts" / "tunnel.sh"), "me@server"],
        env={"PATH": f"{machine}:{os.environ['PATH']}", "PLACE": str(machine)},
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: (machine / "pid").exists() and (machine / "pid").read_text("utf-8") != "")
    script.terminate()
    assert script.wait(60) == 143
    tunnel = Path("/proc") / (machine / "pid").read_text("utf-8").strip()
    wait_until(lambda: not tunnel.exists())


@pytest.mark.process
@pytest.mark.parametrize("port", ["0", "65536", "6006:evil", "", "-1"])
def test_the_tunnel_takes_ports_alone(machine: Path, port: str) -> None:
    done = tunnel(machine, "me@server", port)
    assert done.returncode == 2
    assert f"{port} is no port: give a number from 1 to 65535." in done.stderr
    assert not (machine / "ssh.log").exists()


@pytest.mark.process
def test_a_server_that_looks_like_an_option_is_none(machine: Path) -> None:
    tunnel(machine, "-oProxyCommand=true")
    assert "-- -oProxyCommand=true" in (machine / "ssh.log").read_text(encoding="utf-8")
