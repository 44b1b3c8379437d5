# SPDX-License-Identifier: Apache-2.0
"""The container image, compose and Kubernetes files, as far as they can be tried without an engine and a cluster: by
kubectl's kustomize, the programs' own checks, a real registry and nginx with what `prepare` writes."""
import json
import os
import re
import shutil
import subprocess
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from harness import BUILD, ROOT, WAIT_SECONDS, free_port, wait_for

DEPLOY = ROOT / "deploy"
CONTAINERFILE = (DEPLOY / "container" / "Containerfile").read_text()
OVERLAYS = ["base", "cloudnativepg"]


def check_config(path, program="reader"):
    done = subprocess.run([BUILD / program / f"metastore-{program}", "--config", path, "--check-config"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# --- the image ---

def stage(name):
    return re.search(rf"^FROM \S+ AS {name}\n(.*?)(?=^FROM |\Z)", CONTAINERFILE, re.MULTILINE | re.DOTALL).group(1)


def installed_in(name):
    words = re.search(r"--no-install-recommends ((?:.|\n)*?)(?: && |\n[A-Z])", stage(name)).group(1)
    return set(words.replace("\\\n", " ").split())


def test_the_image_is_built_with_what_a_build_needs():
    listed = {line.split()[1] for line in (DEPLOY / "packages").read_text().splitlines() if line.startswith("build ")}
    assert installed_in("build") == listed


@pytest.mark.parametrize("program", ["writer", "reader"])
def test_the_image_has_the_libraries_of_the_program(program):
    needed = re.findall(r"NEEDED.*\[(.*)\]", subprocess.run(["readelf", "-d", BUILD / program / f"metastore-{program}"],
                                                            check=True, capture_output=True, text=True).stdout)
    sonames = [name for name in needed if not re.match(r"lib(c|m|asan|ubsan|gcc_s)\.so|ld-", name)]
    installed = installed_in("runtime") | (installed_in("writer") if program == "writer" else set())
    for soname in sonames:
        stem = re.sub(r"[^a-z]", "", soname.split(".so")[0])[3:]  # libevent_core-2.1 has libevent-core-2.1-7
        assert any(stem in re.sub(r"[^a-z]", "", package) or (stem, package) in (("z", "zlib1g"), ("crypto", "libssl3"))
                   for package in installed), (soname, installed)


@pytest.mark.parametrize("program", ["writer", "reader"])
def test_the_image_runs_the_program_as_nobody_in_particular(program):
    text = stage("runtime") + stage(program)
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE)[-1] == "64087:64087"
    assert f'ENTRYPOINT ["metastore-{program}"]' in text and "STOPSIGNAL SIGTERM" in text
    assert f'CMD ["metastore-{program}", "--healthcheck"]' in text


# --- compose ---

@pytest.fixture(scope="module")
def made(tmp_path_factory):
    directory = tmp_path_factory.mktemp("compose") / "made"
    subprocess.run([DEPLOY / "compose" / "prepare", directory], check=True)
    return directory


def test_what_prepare_writes_is_for_its_owner(made):
    assert made.stat().st_mode & 0o077 == 0
    assert {path.name for path in made.glob("*.env") if path.stat().st_mode & 0o077} == set()
    token = (made / "events-token").read_text()
    assert len(token) == 48 and token not in (made / "config.yaml").read_text()
    done = subprocess.run([DEPLOY / "compose" / "prepare", made], check=True, capture_output=True, text=True)
    assert "there already" in done.stdout and (made / "events-token").read_text() == token


def test_the_programs_accept_their_configuration(made):
    check_config(made / "config.yaml")


def test_the_registry_accepts_its_configuration_and_notifies_both_endpoints(made, tmp_path):
    config = yaml.safe_load((made / "registry.yml").read_text())
    endpoints = config["notifications"]["endpoints"]
    shown = yaml.safe_load(re.search(r"```yaml\n(notifications:.*?)```", (ROOT / "README.md").read_text(), re.DOTALL).group(1))
    for ours, theirs in zip(endpoints, shown["notifications"]["endpoints"], strict=True):
        assert {**ours, "headers": 0} == {**theirs, "headers": 0}
    port = free_port()
    config["http"]["addr"] = f"127.0.0.1:{port}"
    config["storage"]["filesystem"]["rootdirectory"] = str(tmp_path / "storage")
    (tmp_path / "registry.yml").write_text(yaml.safe_dump(config))
    child = subprocess.Popen(["docker-registry", "serve", tmp_path / "registry.yml"], stderr=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, env={**os.environ, "OTEL_TRACES_EXPORTER": "none"})
    try:
        wait_for(lambda: subprocess.run(["curl", "-fsS", f"http://127.0.0.1:{port}/v2/"], capture_output=True).returncode == 0
                 or child.poll() is not None, "the registry")
        assert child.poll() is None
    finally:
        child.kill()
        child.wait()


def test_nginx_accepts_its_configuration(made, tmp_path):
    site = (made / "proxy.conf").read_text()
    assert "server registry:5000;" in site and "server reader1:8088; server reader2:8088;" in site
    site = site.replace("registry:5000", "127.0.0.1:5000").replace("reader1:", "127.0.0.1:").replace("reader2:", "127.0.0.1:")
    assert "/var/cache/nginx-metastore" in site
    site = site.replace("/var/cache/nginx-metastore", f"{tmp_path}/cache")
    assert "listen 80 default_server;" in site and "listen [::]:80" not in site, "inside there may be no IPv6"
    site = site.replace("listen 80 default_server;", "listen 127.0.0.1:1080;")
    (tmp_path / "nginx.conf").write_text(f"events {{}}\npid {tmp_path}/pid;\nhttp {{\n{site}\n}}\n")
    done = subprocess.run([shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-t", "-e", "stderr", "-p", tmp_path,
                           "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, timeout=WAIT_SECONDS)
    assert done.returncode == 0, done.stderr


def test_compose_mounts_what_prepare_writes_and_opens_one_port(made):
    compose = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())
    services = compose["services"]
    mounted = {volume.split(":")[0].removeprefix("./made/") for service in services.values()
               for volume in service.get("volumes", []) if volume.startswith("./made/")}
    mounted |= {service["env_file"].removeprefix("made/") for service in services.values() if "env_file" in service}
    assert mounted == {path.name for path in made.iterdir()}
    assert {name: service["ports"] for name, service in services.items() if "ports" in service} == {"proxy": ["127.0.0.1:5080:80"]}
    assert services["proxy"]["networks"] == ["front"] and services["writer"]["networks"] == ["inside"]
    for name in ("writer", "reader1", "reader2"):
        service = services[name]
        assert service["read_only"] and service["cap_drop"] == ["ALL"] and "no-new-privileges:true" in service["security_opt"]
        assert f"AS {service['build']['target']}\n" in CONTAINERFILE
    assert not any("events-token" in volume for volume in services["reader1"]["volumes"]), "a reader needs no secret of the writer"
    size, = [re.search(r"size=(\d+)g", mount).group(1) for mount in services["reader1"]["tmpfs"]]
    spool = yaml.safe_load((made / "config.yaml").read_text())["cache"]["spool_size"]
    assert int(spool.removesuffix("MiB")) < 1024 * int(size), "who keeps too much makes room, a full disk does not"


# --- Kubernetes ---

def kubectl(*words):
    done = subprocess.run(["kubectl", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def knows_folders_as_resources():
    version = json.loads(kubectl("version", "--client", "--output=json"))["clientVersion"]
    return (int(version["major"]), int(re.match(r"\d+", version["minor"])[0])) >= (1, 21)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The files as they stand; for Debian 12's kubectl 1.20, a copy that names the base as it was named then."""
    if knows_folders_as_resources():
        return DEPLOY / "kubernetes"
    copy = shutil.copytree(DEPLOY / "kubernetes", tmp_path_factory.mktemp("old") / "kubernetes")
    overlay = copy / "cloudnativepg" / "kustomization.yaml"
    text, number = re.subn(r"resources:\n  - \.\./base\n", "bases:\n  - ../base\nresources:\n", overlay.read_text())
    assert number == 1
    overlay.write_text(text)
    return copy


@pytest.fixture
def objects(folder, overlay):
    return list(yaml.safe_load_all(kubectl("kustomize", folder / overlay)))


def of_kind(objects, kind):
    return {found["metadata"]["name"]: found for found in objects if found["kind"] == kind}


def example_secrets():
    text = (DEPLOY / "kubernetes" / "base" / "secret.example.yaml").read_text()
    return {secret["metadata"]["name"]: secret["stringData"] for secret in yaml.safe_load_all(text)}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_objects_refer_to_each_other(objects):
    assert all(found["metadata"].get("namespace", "metastore") == "metastore" for found in objects)
    deployments, services = of_kind(objects, "Deployment"), of_kind(objects, "Service")
    assert set(deployments) == set(services) == {"metastore-writer", "metastore-reader"}
    examples = example_secrets()
    for name, deployment in deployments.items():
        pod = deployment["spec"]["template"]
        labels = pod["metadata"]["labels"]
        assert deployment["spec"]["selector"]["matchLabels"] == services[name]["spec"]["selector"] == labels
        container = pod["spec"]["containers"][0]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        assert services[name]["spec"]["ports"][0]["port"] == ports[services[name]["spec"]["ports"][0]["targetPort"]]
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["spec"]["volumes"]}
        for variable in container["env"]:
            reference = variable["valueFrom"]["secretKeyRef"]
            assert reference["key"] in examples[reference["name"]]
        for volume in pod["spec"]["volumes"]:
            if "configMap" in volume:
                assert volume["configMap"]["name"] in of_kind(objects, "ConfigMap")
            if "secret" in volume:
                assert {item["key"] for item in volume["secret"]["items"]} <= set(examples[volume["secret"]["secretName"]])
    scaler, = of_kind(objects, "HorizontalPodAutoscaler").values()
    assert "replicas" not in deployments[scaler["spec"]["scaleTargetRef"]["name"]]["spec"], "each apply would undo the scaling"
    budget, = of_kind(objects, "PodDisruptionBudget").values()
    assert budget["spec"]["selector"]["matchLabels"] == deployments["metastore-reader"]["spec"]["selector"]["matchLabels"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_update_of_the_writers_ends_the_one_that_leads(objects):
    """It is the only one that is ever ready: nothing may wait for another that is."""
    spec = of_kind(objects, "Deployment")["metastore-writer"]["spec"]
    assert spec["replicas"] == 2
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "100%", "maxSurge": 0}}
    assert spec["progressDeadlineSeconds"] == 2**31 - 1, "the API's word for none"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_are_restricted(objects):
    for deployment in of_kind(objects, "Deployment").values():
        pod = deployment["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] == 64087
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                                    "capabilities": {"drop": ["ALL"]}}
            assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
            assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_programs_accept_the_configuration_of_the_cluster(objects, tmp_path):
    config, = of_kind(objects, "ConfigMap").values()
    (tmp_path / "config.yaml").write_text(config["data"]["config.yaml"])
    check_config(tmp_path / "config.yaml")
    assert yaml.safe_load(config["data"]["config.yaml"])["reader"]["trusted_proxies"], "all clients would be one"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_database_is_verified_by_the_authority_in_its_secret(objects):
    config, = of_kind(objects, "ConfigMap").values()
    urls = yaml.safe_load(config["data"]["config.yaml"])["database"]["postgres"]
    for deployment in of_kind(objects, "Deployment").values():
        pod = deployment["spec"]["template"]["spec"]
        volume, = [found for found in pod["volumes"] if found.get("secret", {}).get("secretName") == "metastore-db-ca"]
        mount, = [found for found in pod["containers"][0]["volumeMounts"] if found["name"] == volume["name"]]
        item, = volume["secret"]["items"]
        assert "defaultMode" not in volume["secret"], "the authority is no secret: the program's user reads it"
        for url in (urls["url"], urls["read_url"]):
            settings = parse_qs(urlsplit(url).query)
            assert settings["sslmode"] == ["verify-full"] and settings["sslrootcert"] == [f"{mount['mountPath']}/{item['path']}"]
    for cluster in of_kind(objects, "Cluster"):  # CloudNativePG names the secret of its authority so
        assert volume["secret"]["secretName"] == f"{cluster}-ca"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_database_is_in_reach(objects):
    """A policy denies what comes into this namespace unless another one lets it in."""
    config, = of_kind(objects, "ConfigMap").values()
    urls = yaml.safe_load(config["data"]["config.yaml"])["database"]["postgres"]
    hosts = {host for url in urls.values() for host in urlsplit(url).netloc.split("@")[1].split(",")}
    here = {host for host in hosts if "." not in host or host.split(".")[1] == "metastore"}
    lets_in = [policy["spec"]["podSelector"]["matchLabels"] for policy in of_kind(objects, "NetworkPolicy").values()
               if {"protocol": "TCP", "port": 5432} in [port for rule in policy["spec"].get("ingress", []) for port in rule["ports"]]]
    assert lets_in == [{"cnpg.io/cluster": cluster} for cluster in of_kind(objects, "Cluster")]
    assert here == (hosts if lets_in else set())


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_readers_have_no_way_to_the_registry_and_the_proxy_none_to_the_writer(objects):
    policies = of_kind(objects, "NetworkPolicy")
    ports = {port["port"] for rule in policies["metastore-reader"]["spec"]["egress"] for port in rule["ports"]}
    assert ports == {53, 5432}
    roles = policies["metastore-writer"]["spec"]["ingress"][0]["from"][0]["namespaceSelector"]["matchExpressions"][0]["values"]
    assert roles == ["registry", "monitoring"]
    assert policies["default-deny"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
