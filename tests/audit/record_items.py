"""Items 21 to 28: original observations, recomputing, all attempts, the log."""

import hashlib
import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.audit.evidence import Evidence
from tests.audit.item import item, need

STORE = "records.sqlite"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _seal(evidence: Evidence) -> dict[str, str]:
    return dict(json.loads((evidence.run / "seal.json").read_bytes())["files"])


@item(21, "original observations kept, linked by hash", "code: files, hashes, and their content")
def observations(evidence: Evidence) -> str:
    sealed = _seal(evidence)
    for name in ("journal.jsonl", "transcript.jsonl", "spectra.parquet"):
        need(name in sealed, f"{name} is not kept")
        need(_sha256(evidence.run / name) == sealed[name], f"{name} is not what was sealed")
    from pyarrow import parquet

    table = parquet.read_table(evidence.run / "spectra.parquet")
    need(table.num_rows > 0, "spectra.parquet has no spectrum")
    for column in ("at", "channels", "integration_s", "irradiance_w_m2_nm"):
        need(column in table.column_names, f"spectra.parquet has no {column}")
    dark = [one for one in table.column("channels").to_pylist() if not one]
    need(dark, "spectra.parquet has no dark spectrum")
    return f"run folder: {table.num_rows} spectra, {len(dark)} dark; transcript; seal.json"


@item(22, "recomputed from what was recorded, by one command", "code: run, and run on a forgery")
def recomputed(evidence: Evidence) -> str:
    told = evidence.ledcal("recompute", evidence.run)
    results = len(evidence.of_kind("measured")) + len(evidence.of_kind("measured_as_found"))
    need(told.code == 0, f"`ledcal recompute` ends with {told.code}")
    need(f"{results} of {results} results give the same digits" in told.text, told.text[-200:])
    data = evidence.copy()
    path = evidence.in_copy(data) / "journal.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        event = json.loads(line)
        if event["event"] == "measured" and event["components"]:
            event["expanded_uncertainty"] *= 0.9
            lines[number] = json.dumps(event)
            break
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    forged = evidence.ledcal("recompute", evidence.in_copy(data), data=data)
    need(forged.code != 0, "`ledcal recompute` finds nothing in a record with another U")
    return f"`ledcal recompute RUN`: {results} of {results} results to the last digit"


@item(23, "failed, aborted and repeated runs are in the history", "code: folders against history")
def attempts(evidence: Evidence) -> str:
    serial = evidence.started["serial"]
    told = evidence.ledcal("history", serial)
    need(told.code == 0, told.text)
    folders = [path.name for path in (evidence.data / "runs").glob(f"*Z-{serial}")]
    for name in folders:
        need(name in told.text, f"`ledcal history` does not tell run {name}")
    ended = {word for word in ("ABORTED", "FAIL", "STATION", "SETUP") if word in told.text}
    need(ended, "the panel has no run that did not pass: nothing shows that such are kept")
    return f"`ledcal history {serial}`: {len(folders)} runs, {', '.join(sorted(ended))} among them"


@item(24, "written when made; clock source and its offset", "code: times and order of the journal")
def contemporaneous(evidence: Evidence) -> str:
    times = [datetime.fromisoformat(one["at"]) for one in evidence.events]
    need(times == sorted(times), "the journal's times are not in order")
    need(times[-1] - times[0] > timedelta(0), "all events have one time")
    finished, open_step = set(), ""
    for one in evidence.events:
        if one["event"] == "step_started":
            need(not open_step, f"step {one['step']} began before {open_step} was recorded")
            open_step = one["step"]
        elif one["event"] == "step_finished":
            finished.add(one["step"])
            open_step = ""
    need(finished, "the journal tells no step")
    clock = str(evidence.started["station"].get("clock", ""))
    need("offset" in clock, "record.json: run_started.station.clock tells no source and offset")
    return f"journal.jsonl: {len(times)} events in order; run_started.station.clock"


def log_entries(data: Path) -> list[dict[str, Any]]:
    """Return the entries of the log of a data folder, read without ledcal."""
    with closing(sqlite3.connect(f"file:{data / STORE}?mode=ro", uri=True)) as store:
        rows = store.execute("SELECT entry FROM log_entry ORDER BY number").fetchall()
    return [json.loads(entry) for (entry,) in rows]


@item(25, "audit event: who, when, station, what, old, new, reason", "code: every log entry")
def audit_events(evidence: Evidence) -> str:
    _ = evidence.stated
    data = evidence.copy()
    statement = max((data / "statements" / evidence.run.name).glob("*-approved.dsse.json"))
    key = json.loads(statement.read_bytes())["signatures"][0]["keyid"]
    why = ("--operator", "Ada Auditor", "--reason", "left the company")
    told = evidence.ledcal("key", "retire", key, *why, data=data)
    need(told.code == 0, f"`ledcal key retire` takes nobody's name and no reason: {told.text}")
    entries = log_entries(data)
    for number, one in enumerate(entries):
        for name in ("who", "at", "kind", "subject", "station", "facts"):
            need(name in one, f"log entry {number} has no {name}")
    kinds = {one["kind"] for one in entries}
    for kind in ("run closed", "run reviewed", "run approved"):
        need(kind in kinds, f"no log entry tells {kind}")
    newest = entries[-1]
    need(newest["subject"] == key, "the log does not tell of the key that was retired")
    said = json.dumps(newest, ensure_ascii=False)
    for words in (*why[1::2], '"old"', '"new"'):
        need(words in said, f"the log's entry on the retired key lacks {words}")
    return (
        f"log: {len(entries)} entries of {len(kinds)} kinds; a retired key with old, new, reason"
    )


def without_triggers(store: sqlite3.Connection) -> None:
    """Take the guards away, as whoever has the file can."""
    for (name,) in store.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    ).fetchall():
        store.execute(f'DROP TRIGGER "{name}"')


def _altered(evidence: Evidence, *statements: str) -> str:
    """Return what verify says of a copy whose store was altered past its guards."""
    data = evidence.copy()
    with closing(sqlite3.connect(data / STORE)) as store:
        without_triggers(store)
        for one in statements:
            store.execute(one)
        store.commit()
    told = evidence.ledcal("verify", data, data=data)
    return told.text if told.code == 1 else ""


@item(26, "append-only, and alteration is detected, the newest too", "code: UPDATE, DELETE, edits")
def append_only(evidence: Evidence) -> str:
    clean = evidence.ledcal("verify", evidence.data)
    need(clean.code == 0, f"the untouched folder does not verify: {clean.text[:300]}")
    data = evidence.copy()
    with closing(sqlite3.connect(data / STORE)) as store:
        for table in ("log_entry", "tree_node", "checkpoint", "run", "result"):
            for attempt in (f"UPDATE {table} SET rowid = rowid + 1000", f"DELETE FROM {table}"):
                try:
                    store.execute(attempt)
                except sqlite3.DatabaseError:
                    continue
                need(store.total_changes == 0, f"the record store lets {attempt!r} through")
    last = len(log_entries(evidence.data)) - 1
    edits = {
        "the first entry": "UPDATE log_entry SET entry = replace(entry, 'run', 'ran') "
        "WHERE number = 0",
        "the newest entry": f"UPDATE log_entry SET subject = 'X' WHERE number = {last}",
        "a cut": f"DELETE FROM log_entry WHERE number = {last}",
        "the index": "UPDATE run SET outcome = 'FAIL'",
    }
    for what, statement in edits.items():
        need(_altered(evidence, statement), f"`ledcal verify` does not find {what} altered")
    return f"record store: triggers; `ledcal verify` names {', '.join(edits)}"


@item(27, "a witness outside the station", "code: log rewritten, run folders kept")
def witness(evidence: Evidence) -> str:
    """Everything the station has of its newest entries is cut; the runs were given away."""
    proof = (evidence.run / "log.proof").read_text(encoding="utf-8")
    note = proof.partition("\n\n")[2]
    for line in note.splitlines()[:3]:
        need(line in evidence.page, "the certificate does not print the log's checkpoint")
    size = int(note.splitlines()[1])
    told = _altered(
        evidence,
        f"DELETE FROM log_entry WHERE number >= {size - 1}",
        f"DELETE FROM checkpoint WHERE size >= {size}",
        f"DELETE FROM tree_node WHERE level = 0 AND position >= {size - 1}",
    )
    need("log" in told, "a log that was cut is not told from the checkpoint in a run's folder")
    need(evidence.has_command("upload"), "there is no `ledcal upload` to a site as witness")
    need(evidence.has_command("verify-site"), "there is no `ledcal verify-site`")
    return "certificate.html: checkpoint; run folder: log.proof; `ledcal upload`, `verify-site`"


@item(
    28,
    "the trail can be searched, exported, read; its review is recorded",
    "code: listed, written, reviewed; eye: `ledcal log` reads as sentences",
)
def searched(evidence: Evidence) -> str:
    need(evidence.has_command("log"), "there is no `ledcal log`")
    _ = evidence.stated
    run = evidence.started["run"]
    told = evidence.ledcal("log", "--subject", run, "--kind", "run approved")
    need(told.code == 0 and "Anna" in told.text, f"`ledcal log --subject`: {told.text[:200]}")
    sheet = evidence.scratch / "log.csv"
    need(evidence.ledcal("log", "--csv", sheet).code == 0, "`ledcal log --csv` fails")
    need(run in sheet.read_text(encoding="utf-8"), "the exported log lacks the run")
    before = len(log_entries(evidence.data))
    need(evidence.ledcal("log", "--reviewed-by", "Ada Auditor").code == 0, "no review is taken")
    newest = log_entries(evidence.data)[before:]
    need([one["who"] for one in newest] == ["Ada Auditor"], "the review is not in the log")
    return "`ledcal log`, `--csv`, `--reviewed-by`"
