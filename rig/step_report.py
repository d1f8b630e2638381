"""The engineers' report of a run's steps: what it may do in a browser, and which record it is of.

pytest-html writes it while the run still measures, so that it cannot name the record; closing the
run puts the record's hash in, before the seal.
"""

import hashlib
import re
from base64 import b64encode
from pathlib import Path

from ledcal.rig.folder import write_whole

OPEN = '<p id="record">This run was not closed: there is no record of it.</p>'
"""Stands in a report until its run is closed."""
_POLICY = '<meta http-equiv="Content-Security-Policy" content="'
_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'"
_HEAD = re.compile(
    r'\A<!DOCTYPE html>\s*<html[^>]*>\s*<head>\s*(?:<meta charset="utf-8"/>)?', re.I
)


def guarded(page: str, script: str, style: str) -> str:
    """Return a page with a content security policy: nothing is fetched, one script may run.

    Args:
        page: HTML, without a policy yet.
        script: Content of the script element that may run; empty for none.
        style: Content of the style element that counts; empty for none.
    """
    parts = [_NOTHING, *("img-src data:", "media-src data:")]
    parts += [f"script-src {_source(script)}"] if script else []
    parts += [f"style-src {_source(style)}"] if style else []
    head = _HEAD.match(page)
    # Only what follows the policy is bound by it, so that it stands before all else.
    at = head.end() if head else 0
    return f'{page[:at]}{_POLICY}{"; ".join(parts)}">{page[at:]}'


def close_report(path: Path, record_sha256: str) -> None:
    """Name the record in a report; one whose guard is missing may run no script from now on.

    The session may have been killed between writing the report and guarding it. Closing a run
    twice changes nothing more.

    Raises:
        StationError: The disk refuses.
    """
    try:
        page = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return  # none was written, or the disk spoilt it: the seal takes it as it is
    head = _HEAD.match(page)
    if not page.startswith(_POLICY, head.end() if head else 0):
        page = guarded(page, "", "")
    closed = (
        '<p id="record">Of this run there are the <a href="certificate.html">certificate</a> and '
        f'the <a href="record.json">record</a>, SHA-256 {record_sha256}.</p>'
    )
    write_whole(path, page.replace(OPEN, closed).encode())


def _source(content: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
