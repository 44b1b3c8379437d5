# SPDX-License-Identifier: Apache-2.0
"""deploy/prometheus and deploy/grafana: rules that promtool accepts, alerts that fire when they should, metrics that exist."""
import json
import re
import subprocess

import pytest
import yaml

from harness import ROOT

PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARD = ROOT / "deploy" / "grafana" / "metastore.json"
CASES = ["rules.test.yml", "rules.slow.test.yml"]


def promtool(*arguments):
    done = subprocess.run(["promtool", *arguments], cwd=PROMETHEUS, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def rules():
    return [rule for group in yaml.safe_load((PROMETHEUS / "rules.yml").read_text())["groups"] for rule in group["rules"]]


def alerts():
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def known_metrics():
    names = {}
    for name, kind in re.findall(r'METRIC\(\w+, "(\w+)", (\w+),', (ROOT / "common/runtime/metrics_table.h").read_text()):
        names[f"metastore_{name}"] = kind
    return {name + end for name, kind in names.items()
            for end in (("_bucket", "_sum", "_count") if kind == "HISTOGRAM" else ("",))}


def test_promtool_accepts_the_configuration(tmp_path):
    promtool("check", "rules", "rules.yml")
    promtool("check", "config", "prometheus.yml")
    cluster = yaml.safe_load((PROMETHEUS / "kubernetes.yml").read_text())
    for job in cluster["scrape_configs"]:  # Debian's Prometheus knows no clusters
        job["static_configs"] = [{"targets": [kind["role"] for kind in job.pop("kubernetes_sd_configs")]}]
    cluster["rule_files"] = [str(PROMETHEUS / name) for name in cluster["rule_files"]]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(cluster))
    promtool("check", "config", tmp_path / "prometheus.yml")


def test_jobs_are_those_of_the_rules_in_a_cluster_too():
    used = set(re.findall(r'job="([\w-]+)"', (PROMETHEUS / "rules.yml").read_text()))
    configs = [yaml.safe_load((PROMETHEUS / name).read_text()) for name in ("prometheus.yml", "kubernetes.yml")]
    plain, (pods,) = [config["scrape_configs"] for config in configs]
    assert used <= {job["job_name"] for job in plain}
    keep, drop, job, _ = pods["relabel_configs"]
    assert drop["action"] == "drop", "pods that have ended have addresses, and answer nothing"
    assert job == {"source_labels": keep["source_labels"][:1], "target_label": "job"}
    for program in ("writer", "reader"):
        deployment = next(yaml.safe_load_all((ROOT / f"deploy/kubernetes/base/{program}.yaml").read_text()))
        template = deployment["spec"]["template"]
        ports = [port["name"] for port in template["spec"]["containers"][0]["ports"]]
        name = template["metadata"]["labels"]["app.kubernetes.io/name"]
        assert [bool(re.fullmatch(keep["regex"], f"{name};{port}")) for port in ports] == [True]
        assert name in {job["job_name"] for job in plain}


@pytest.mark.parametrize("cases", CASES)
def test_alerts_fire_when_they_should(cases):
    promtool("test", "rules", cases)


def test_each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not():
    fires, silent = set(), set()
    for cases in CASES:
        for test in yaml.safe_load((PROMETHEUS / cases).read_text())["tests"]:
            for case in test["alert_rule_test"]:
                (fires if case["exp_alerts"] else silent).add(case["alertname"])
    assert fires == silent == set(alerts())


def test_each_alert_has_a_runbook_line_and_a_place_in_the_guide():
    guide = (ROOT / "deploy" / "README.md").read_text()
    for name, rule in alerts().items():
        assert rule["annotations"]["summary"] and rule["annotations"]["runbook"], name
        stem = re.sub(r"(Fast|Medium|Slow)Burn$", "", name)
        assert f"`{stem}" in guide, f"deploy/README.md does not explain {name}"


@pytest.mark.parametrize("text", [(PROMETHEUS / "rules.yml"), DASHBOARD], ids=["rules", "dashboard"])
def test_metrics_exist(text):
    used = set(re.findall(r"\bmetastore_\w+", text.read_text()))
    assert used and used - known_metrics() == set()


def test_the_dashboard_is_one():
    dashboard = json.loads(DASHBOARD.read_text())
    assert {panel["type"] for panel in dashboard["panels"]} == {"timeseries", "stat"}
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            assert set(re.findall(r"metastore:[\w:]+", target["expr"])) <= recorded, panel["title"]
    shown = set(re.findall(r"\bmetastore_\w+", DASHBOARD.read_text()))
    stems = {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown}
    every = {re.sub(r"_(bucket|sum|count)$", "", name) for name in known_metrics()}
    assert every - stems == set(), "no panel shows these"
