"""The published schemas as text, byte for byte as `docs/schema` has them."""

import json

from ledcal.calibration.json_schema import SCHEMAS
from ledcal.rig.errors import RefusedInput


def schema_text(what: str) -> str:
    """Return a schema as it is published.

    Args:
        what: "record", "amendment" or "statement".

    Raises:
        RefusedInput: There is no schema of that.
    """
    if what not in SCHEMAS:
        raise RefusedInput("SCHEMA", f"schema {what!r}: is one of {', '.join(SCHEMAS)}")
    return json.dumps(SCHEMAS[what](), indent=2, ensure_ascii=False) + "\n"
