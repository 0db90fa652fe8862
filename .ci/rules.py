"""Holds the shipped rules against Prometheus's own tools, and their tests against wrong rules.

Usage: rules.py

Every alert is made a little wrong in turn: its threshold a tenth higher and lower, the time it must hold a quarter longer and
shorter, its window twice as long. A test that does not notice proves nothing.
"""

import copy
import pathlib
import re
import subprocess
import tempfile

import yaml

SHIPPED = pathlib.Path(__file__).resolve().parent.parent / "deploy" / "prometheus"
# Debian builds Prometheus without it; what it finds is written down instead.
DISCOVERY = "kubernetes_sd_configs"


def promtool(*arguments, folder=SHIPPED):
    return subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True)


def must(*arguments, folder=SHIPPED):
    said = promtool(*arguments, folder=folder)
    assert said.returncode == 0, said.stdout + said.stderr


def check_configurations():
    must("check", "rules", "rules.yml")
    must("check", "config", "prometheus.yml")
    with tempfile.TemporaryDirectory() as folder:
        config = yaml.safe_load((SHIPPED / "kubernetes.yml").read_text())
        for job in config["scrape_configs"]:
            assert job.pop(DISCOVERY) == [{"role": "pod"}]
        pathlib.Path(folder, "kubernetes.yml").write_text(yaml.safe_dump(config))
        pathlib.Path(folder, "rules.yml").write_text((SHIPPED / "rules.yml").read_text())
        must("check", "config", "kubernetes.yml", folder=folder)


def seconds(duration):
    units = {"s": 1, "m": 60, "h": 3600}
    return sum(int(count) * units[unit] for count, unit in re.findall(r"(\d+)([smh])", duration))


def wrong(rule):
    """The ways in which an alert can be a little wrong."""
    before, comparison, threshold = re.fullmatch(r"(?s)(.*) (>|==) ([0-9.]+)", rule["expr"]).groups()
    value = float(threshold)
    if value:
        thresholds = [f"{comparison} {value * 1.1}", f"{comparison} {value * 0.9}"]
    else:
        thresholds = [">= 0", "> 1000000"]
    for changed in thresholds:
        yield changed, {"expr": f"{before} {changed}"}
    if "for" in rule:
        hold = seconds(rule["for"])
        for changed in (hold * 5 // 4, hold * 3 // 4):
            yield f"for {changed}s", {"for": f"{changed}s"}
    else:
        yield "for 15s", {"for": "15s"}
    if "[5m]" in rule["expr"]:
        yield "[10m]", {"expr": rule["expr"].replace("[5m]", "[10m]")}


def check_tests():
    must("test", "rules", "rules_test.yml")
    rules = yaml.safe_load((SHIPPED / "rules.yml").read_text())
    noticed = 0
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "rules_test.yml").write_text((SHIPPED / "rules_test.yml").read_text())
        for group, rule in [(g, r) for g, group in enumerate(rules["groups"]) for r, _ in enumerate(group["rules"])]:
            shipped = rules["groups"][group]["rules"][rule]
            if "alert" not in shipped:
                continue
            for what, change in wrong(shipped):
                changed = copy.deepcopy(rules)
                changed["groups"][group]["rules"][rule].update(change)
                pathlib.Path(folder, "rules.yml").write_text(yaml.safe_dump(changed))
                said = promtool("test", "rules", "rules_test.yml", folder=folder)
                assert said.returncode != 0, f"no test notices {shipped['alert']} with `{what}`"
                assert shipped["alert"] in said.stdout + said.stderr, said.stdout + said.stderr
                noticed += 1
    return noticed


check_configurations()
print(f"rules and configurations are valid, and their tests notice {check_tests()} wrong rules")
