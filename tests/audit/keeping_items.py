"""Items 35 to 40: look-up, software, validation, the file in the device, keeping, reading."""

import hashlib
import json
import re
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime
from importlib.metadata import version

from tests.audit.evidence import APPROVER, REVIEWER, Evidence
from tests.audit.item import item, need
from tests.audit.matrix import matrix, read_requirements


@item(
    35, "which units did instrument X touch between two dates", "code: found, not found, refused"
)
def touched(evidence: Evidence) -> str:
    instrument = evidence.of_kind("instrument")[0]
    day = evidence.started["at"][:10]
    ask = ("touched", "--instrument", instrument["serial"], "--json")
    told = evidence.ledcal(*ask, "--since", day, "--until", day)
    need(told.code in (0, 1), told.text)
    need(evidence.started["run"] in told.text, "the run is not among those it touched")
    need('"times_stated_uncertainty"' in told.text, "no effect on the results is told")
    later = evidence.ledcal(*ask, "--since", "2099-01-01")
    need(evidence.started["run"] not in later.text, "the dates are not looked at")
    unknown = evidence.ledcal("touched", "--instrument", "NOBODY")
    need(unknown.code == 2, "an instrument that nobody knows is not refused")
    return "`ledcal touched --instrument SERIAL --since DATE`"


@item(36, "software version, source hash, dependencies, configuration", "code: against what runs")
def software(evidence: Evidence) -> str:
    said = evidence.started["software"]
    for name in ("ledcal", "numpy", "scipy", "pyvisa", "cryptography"):
        need(said.get(name) == version(name), f"record.json: {name} {said.get(name)}")
    need(said.get("python"), "record.json does not tell which Python")
    for name in ("station", "product"):
        digest = hashlib.sha256((evidence.run / f"{name}.toml").read_bytes()).hexdigest()
        need(
            evidence.started[name]["file_sha256"] == digest, f"hash of {name}.toml is not its own"
        )
    source = [value for key, value in said.items() if re.search("source|git|commit", key)]
    need(
        source and re.fullmatch(r"[0-9a-f]{40,64}", source[0]),
        "record.json: run_started.software tells no hash of ledcal's own source",
    )
    return "record.json run_started.software, .station, .product; certificate.html section 13"


@item(37, "requirement -> test matrix from the test run", "code: made from names and results")
def validation(evidence: Evidence) -> str:
    requirements = read_requirements()
    rows = matrix(requirements, junit=None)
    need(len(rows) == len(requirements), "the matrix lacks requirements")
    tested = [one for one in rows if one.tests]
    failures = [one for one in rows if one.requirement.id.startswith("F")]
    need(len(failures) == 25, "the matrix does not have 25 failure stories")
    for one in failures:
        need(one.tests, f"no test names {one.requirement.id}: {one.requirement.words}")
    return f"`python -m tests.audit --matrix`: {len(tested)} of {len(rows)} have tests"


@item(38, "the file read back from the panel is that of the record", "code: hashes, and a look")
def read_back(evidence: Evidence) -> str:
    loaded = [one for one in evidence.of_kind("calibration_file") if one["state"] == "loaded"]
    need(loaded, "record.json: no file was loaded and read back")
    digest = hashlib.sha256((evidence.run / "panel.ledcal").read_bytes()).hexdigest()
    need(loaded[-1]["sha256"] == digest, "the loaded file is not panel.ledcal")
    looks = sorted((evidence.data / "read-backs").glob("*/journal.jsonl"))
    need(looks, "the panel was not read back afterwards (`ledcal read-back`)")
    events = [json.loads(line) for line in looks[-1].read_text().splitlines()]
    said = [one["sha256"] for one in events if one["event"] == "read_back"]
    need(said == [digest], "what the panel carries is another file")
    return "record.json calibration_file; read-backs/: `ledcal read-back`"


@item(
    39, "backup, tested restore, retention, no silent deletion", "code: restored, deleted, named"
)
def backup(evidence: Evidence) -> str:
    kept, folder = evidence.scratch / "backup.zip", evidence.scratch / "restored"
    told = evidence.ledcal("backup", "--output", kept)
    need(told.code == 0, told.text)
    told = evidence.ledcal("restore", kept, data=folder)
    need(told.code == 0 and "nothing was altered" in told.text, f"restore: {told.text[:300]}")
    for path in evidence.run.iterdir():
        there = folder / evidence.run.relative_to(evidence.data) / path.name
        need(there.read_bytes() == path.read_bytes(), f"{path.name} was not restored")
    data = evidence.copy()
    shutil.rmtree(evidence.in_copy(data))
    told = evidence.ledcal("verify", data, data=data)
    need(told.code == 1 and evidence.run.name in told.text, "a deleted run is not named")
    need(evidence.has_command("retention"), "there is no `ledcal retention`")
    need(evidence.has_command("delete-request"), "there is no `ledcal delete-request`")
    keys = evidence.key_files
    data = evidence.copy()
    ask = ("--reason", "asked by the customer", "--name")
    told = evidence.ledcal("retention", "--years", "10", *ask, REVIEWER, "--key",
                           keys[REVIEWER], data=data)  # fmt: skip
    need(told.code == 0, f"`ledcal retention --years`: {told.text}")
    run = evidence.in_copy(data)
    told = evidence.ledcal(
        "delete-request", run.name, *ask, REVIEWER, "--key", keys[REVIEWER], data=data
    )
    number = re.search(r"request (\d+)", told.text)
    need(told.code == 0 and number, f"`ledcal delete-request`: {told.text}")
    assert number is not None
    other = ("--name", APPROVER, "--key", keys[APPROVER])
    told = evidence.ledcal("delete", run.name, "--request", number[1], *other, data=data)
    until = str(datetime.now(UTC).year + 10)
    need(told.code == 2 and until in told.text, f"deleted before its time: {told.text}")
    need((run / "certificate.html").is_file(), "a run is gone that has to be kept ten years")
    return "`ledcal backup`, `restore`, `verify`, `retention`, `delete-request`"


@item(
    40, "readable in 15 years: open formats, schema, no script, no network", "code: without ledcal"
)
def readable(evidence: Evidence) -> str:
    need("default-src 'none'" in evidence.html, "the certificate has no content security policy")
    need("<script" not in evidence.html.lower(), "the certificate has a script")
    wanted = re.findall(r"(?:src|href)=\"(?!#)([^\"]+)|url\(([^)]+)", evidence.html)
    need(not wanted, f"the certificate asks for {wanted[:3]}")
    need(len(evidence.html) < 2_000_000, "the certificate is larger than 2 MB")
    path, folder = evidence.scratch / "panel.zip", evidence.scratch / "stranger"
    told = evidence.ledcal("export", evidence.started["serial"], "--archive", path)
    need(told.code == 0, f"`ledcal export --archive`: {told.text[:300]}")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    commands = re.findall(r"^ +\$ (.+)$", (folder / "README.txt").read_text(), re.MULTILINE)
    need(len(commands) >= 3, "README.txt has no commands")
    for line in commands:
        done = subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, text=True)
        need(done.returncode == 0, f"{line}: {done.stdout}{done.stderr}")
    names = {one.name for one in folder.rglob("*")}
    for name in ("results.csv", "spectra.csv", "dcc.xml", "panel.hex", "record.json"):
        need(name in names, f"the archive has no {name}")
    need(any(name.endswith(".schema.json") for name in names), "the archive has no JSON Schema")
    return f"`ledcal export SERIAL --archive`: {len(names)} files; README.txt's commands hold"
