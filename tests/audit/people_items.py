"""Items 29 to 34: signatures, accounts, rights, order, and what is checked before use."""

import base64
import json
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.audit.evidence import APPROVER, LEDCAL, REVIEWER, Evidence, Told
from tests.audit.item import item, need
from tests.audit.record_items import log_entries


def _statements(evidence: Evidence, data: Path) -> list[Path]:
    return sorted((data / "statements" / evidence.run.name).glob("*.dsse.json"))


@item(29, "signature: name, time, meaning, on screen and in print", "code: page, print, payload")
def signatures(evidence: Evidence) -> str:
    _ = evidence.stated
    printed = "".join(evidence.pdf_pages)
    paths = _statements(evidence, evidence.data)
    need(len(paths) >= 2, "review and approval are not kept")
    for path in paths:
        said = json.loads(base64.b64decode(json.loads(path.read_bytes())["payload"]))
        seconds = said["at"][:19].replace("T", " ")
        for words in (said["name"], said["meaning"], seconds):
            need(words in evidence.page, f"the certificate lacks {words!r} of {path.name}")
            need("".join(words.split()) in printed, f"the print lacks {words!r} of {path.name}")
    return f"certificate.html, section of signatures: {len(paths)} and the performer's"


@item(30, "a signature verifies on no other and on no changed record", "code: moved and changed")
def bound(evidence: Evidence) -> str:
    _ = evidence.stated
    data = evidence.copy()
    mine = _statements(evidence, data)
    other = next(
        path.parent.name
        for path in sorted((data / "runs").glob("*/seal.json"))
        if path.parent.name != evidence.run.name
    )
    place = data / "statements" / other
    place.mkdir(parents=True)
    shutil.copy(mine[0], place)
    told = evidence.ledcal("verify", data / "runs" / other, data=data)
    need(told.code == 1 and mine[0].name in told.text, "a signature holds on another record")
    content = json.loads(mine[1].read_bytes())
    said = base64.b64decode(content["payload"]).replace(APPROVER.encode(), b"Adam Approver")
    content["payload"] = base64.b64encode(said).decode()
    mine[1].write_text(json.dumps(content))
    told = evidence.ledcal("verify", evidence.in_copy(data), data=data)
    need(told.code == 1 and mine[1].name in told.text, "a changed statement verifies")
    record = evidence.in_copy(data) / "record.json"
    record.write_bytes(record.read_bytes().replace(b'"PASS"', b'"FAIL"', 1))
    told = evidence.ledcal("verify", evidence.in_copy(data), data=data)
    need(told.code == 1 and "record.json" in told.text, "a changed record verifies")
    return "`ledcal verify` names statement and record in all three trials"


def answering(evidence: Evidence, answers: list[str], *arguments: str, data: Path) -> Told:
    """Run a command that asks for badge and PIN; the answers come through a pipe, a line each."""
    reading, writing = os.pipe()
    try:
        os.write(writing, "".join(f"{one}\n" for one in answers).encode())
        os.close(writing)
        done = subprocess.run(
            [*LEDCAL, *arguments, "--data", str(data)],
            cwd=evidence.scratch,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=os.environ | {"LEDCAL_PIN_FILE": f"/dev/fd/{reading}"},
            pass_fds=[reading],
        )
    finally:
        os.close(reading)
    return Told(done.returncode, done.stdout + done.stderr)


_FIRST, _SECOND = ["badge-4711", "739182"], ["badge-4712", "604815"]


def _people(evidence: Evidence) -> Path:
    """Return a copy with an approver and an auditor."""
    need(evidence.has_command("person"), "there is no `ledcal person`: accounts do not exist")
    data = evidence.copy()
    told = answering(evidence, _FIRST, "person", "add", "Ada", "--role", "approver", data=data)
    need(told.code == 0, f"`ledcal person add`: {told.text}")
    both = [*_FIRST, *_SECOND]
    told = answering(evidence, both, "person", "add", "Olga", "--role", "auditor", data=data)
    need(told.code == 0, f"`ledcal person add`: {told.text}")
    return data


@item(31, "two components, time-out, no shared accounts, lock-out", "code: wrong PINs, one badge")
def two_components(evidence: Evidence) -> str:
    data = _people(evidence)
    shared = [*_FIRST, _SECOND[0], "918273"]
    told = answering(evidence, shared, "person", "add", "Otto", "--role", "auditor", data=data)
    need(told.code == 2, "two people share one badge")
    need(answering(evidence, _SECOND, "sign-on", data=data).code == 0, "badge and PIN do not do")
    need(answering(evidence, [], "sign-off", data=data).code == 0, "no sign-off")
    wrong = [answering(evidence, [_SECOND[0], "111222"], "sign-on", data=data) for _ in range(5)]
    need(all(one.code == 2 for one in wrong), "a wrong PIN is taken")
    told = answering(evidence, _SECOND, "sign-on", data=data)
    need(told.code == 2, "five wrong PINs do not lock an account")
    need("sign_on_idle_s" in _fields_of_station(), "the station file knows no time-out")
    return "`ledcal person`, `sign-on`, `sign-off`; station file: sign_on, sign_on_idle_s"


def _fields_of_station() -> set[str]:
    from ledcal.rig.station import Station

    return set(Station.model_fields)


@item(
    32, "roles are checked for each action", "code: an auditor tries to act; the table of rights"
)
def roles(evidence: Evidence) -> str:
    data = _people(evidence)
    told = answering(
        evidence, [*_SECOND, "badge-1", "519372"], *("person", "add", "Eve", "--role"), "approver",
        data=data,
    )  # fmt: skip
    need(told.code == 2, "an auditor, who only reads, gives an account")
    need("auditor" in told.text, f"the refusal does not name the role: {told.text}")
    listed = evidence.ledcal("person", "list", data=data)
    need("Eve" not in listed.text, "the refused account was made")
    return "`ledcal person` as an auditor: refused by role, before the action"


@item(33, "order of steps enforced, also from a second window", "code: out of turn, twice at once")
def order(evidence: Evidence) -> str:
    begun = [one["step"] for one in evidence.of_kind("step_started")]
    wanted = ["identify", "blank", "warm_up", "spectrum", "irradiance", "fit", "adjust", "verify"]
    need([one for one in begun if one in wanted] == wanted, f"the steps were {begun}")
    early, review, _ = evidence.stated
    need(early.code == 2, "a run can be approved before it was reviewed")
    need(review.code == 0, review.text)
    again = evidence.ledcal(
        "review", evidence.run, "--name", "Otto", "--key", evidence.key_files[REVIEWER]
    )
    need(again.code == 2, "a run can be reviewed twice")
    unclosed = [
        path.parent
        for path in sorted((evidence.data / "runs").glob("*/journal.jsonl"))
        if not (path.parent / "seal.json").exists()
    ]
    for run in unclosed:
        told = evidence.ledcal(
            "review", run, "--name", "Otto", "--key", evidence.key_files[REVIEWER]
        )
        need(told.code == 2, "a run that is not closed can be reviewed")
    refused = evidence.data / "second-window.json"
    need(refused.is_file(), "it was not tried to begin a second run on a panel that is in use")
    said = json.loads(refused.read_bytes())
    need(said["exit_code"] in (2, 3, 4), f"a second run on one panel: {said['outcome']}")
    return "record.json step_started; `ledcal approve`, `review`; a second `calibrate`: refused"


@item(34, "instrument identity, firmware, due date before use; expired = blocked", "code: tried")
def instruments(evidence: Evidence) -> str:
    for one in evidence.of_kind("instrument"):
        for key in ("serial", "firmware", "model"):
            need(one[key], f"{one['role']}: no {key} was read from it")
        need(one["n"] < evidence.of_kind("measured")[0]["n"], f"{one['role']}: asked after use")
    blocked = []
    for path in sorted((evidence.data / "runs").glob("*/record.json")):
        events = json.loads(path.read_bytes())["events"]
        if any("CERTIFICATE" in one["code"] for one in events[-1].get("reasons", [])):
            need(events[-1]["outcome"] == "STATION", f"{path}: overdue and not blocked")
            blocked.append(path.parent.name)
    need(blocked, "no run with an overdue certificate was tried")
    need(evidence.has_command("instrument", "list"), "there is no `ledcal instrument`")
    need(evidence.has_command("override"), "there is no `ledcal override`")
    _overridden(evidence)
    return f"record.json instrument; run {blocked[0]}: STATION; `ledcal instrument`, `override`"


def _overridden(evidence: Evidence) -> None:
    """Let a certificate that ran out yesterday be used, by one who may and one who may not."""
    keys = evidence.key_files
    data, today = evidence.copy(), datetime.now(UTC).date()
    text = (evidence.run / "certificate-power_meter.toml").read_text(encoding="utf-8")
    path = evidence.scratch / "overdue.toml"
    path.write_text(re.sub(r"(?m)^due = .*$", f"due = {today - timedelta(days=1)}", text))
    stranger = evidence.scratch / "stranger.toml"
    made = [*LEDCAL, "key", "new", "Sid", "--purpose", "ENG", "--output", str(stranger)]
    subprocess.run(made, check=True, capture_output=True)
    ask = ("override", path, "--reason", "the new one is on its way", "--name", APPROVER)
    until = ("--until", str(today + timedelta(days=2)))
    told = evidence.ledcal(*ask, *until, "--key", stranger, data=data)
    need(told.code == 2, "an override is taken that a stranger's key signed")
    told = evidence.ledcal(*ask, *until, "--key", keys[APPROVER], data=data)
    need(told.code == 0, f"a signed override is refused: {told.text}")
    newest = log_entries(data)[-1]
    need(newest["facts"].get("reason") == ask[3], "the override's reason is not in the log")
