"""Whatever stands in the files of a run, `verify` makes a finding of it."""

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ledcal.rig.closing import PANEL_FILE, RECORD, SEAL, seal_bytes
from ledcal.rig.journal import JOURNAL
from ledcal.rig.keys import engineering_key
from ledcal.rig.log_book import LOG_PROOF
from ledcal.rig.statements import RECORD_ENVELOPE
from ledcal.rig.verify import verify_run

slow = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def altered(folder: Path, data_folder: Path) -> set[str]:
    """Return the names of the files that are not as they were sealed."""
    return {finding.file for finding in verify_run(folder, data_folder).findings}


@slow
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode()))
@example(b"[" * 100_000)
@example(b'{"signature":"' + b"1" * 5_000)
@example(b"1" * 5_000)
@example(b'{"signature":"","files":{"\\ud800":"x"},"run":1e999,"public_key":""}')
@example(b'{"signature":"","files":{},"run":100000000000000000000,"public_key":""}')
def test_any_bytes_as_seal_are_a_finding(
    sealed_run: Path, data_folder: Path, content: bytes
) -> None:
    (sealed_run / SEAL).write_bytes(content)
    assert altered(sealed_run, data_folder) == {SEAL}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=4,
)


@slow
@given(
    changed=st.dictionaries(
        st.sampled_from(["format", "run", "files", "public_key", "signature"]), _json, min_size=1
    )
)
def test_any_value_in_a_seal_is_a_finding(
    sealed_run: Path, data_folder: Path, changed: dict[str, Any]
) -> None:
    whole = (sealed_run / SEAL).read_bytes()
    (sealed_run / SEAL).write_text(json.dumps(json.loads(whole) | changed))
    assert altered(sealed_run, data_folder) == {SEAL}
    (sealed_run / SEAL).write_bytes(whole)


@slow
@given(name=st.sampled_from([JOURNAL, PANEL_FILE, RECORD]), content=st.binary(max_size=1300))
@example(JOURNAL, b"[" * 100_000 + b"\n")
@example(JOURNAL, b'{"n": 1, "x": 100000000000000000000}\n')
@example(JOURNAL, b'{"n": 1, "x": "\\ud800"}\n')
@example(JOURNAL, b'{"n": 1, "x": 1e999}\n')
def test_any_bytes_in_a_sealed_file_are_a_finding(
    sealed_run: Path, data_folder: Path, name: str, content: bytes
) -> None:
    """Sealed by the right key, so that the content itself is looked at."""
    key = engineering_key(data_folder)
    whole, seal = (sealed_run / name).read_bytes(), (sealed_run / SEAL).read_bytes()
    (sealed_run / name).write_bytes(content)
    (sealed_run / SEAL).write_bytes(seal_bytes(sealed_run, key))
    assert altered(sealed_run, data_folder) <= {
        JOURNAL,
        LOG_PROOF,
        PANEL_FILE,
        RECORD,
        RECORD_ENVELOPE,
    }
    assert altered(sealed_run, data_folder)
    (sealed_run / name).write_bytes(whole)
    (sealed_run / SEAL).write_bytes(seal)
