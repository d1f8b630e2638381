"""What the commands `ledcal key` do and print."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from rich.table import Table
from rich.text import Text

from ledcal.reports.text import legible
from ledcal.rig.console import open_console
from ledcal.rig.errors import RefusedInput
from ledcal.rig.key_file import new_command_key_file, new_key_file, public_file
from ledcal.rig.keys import Purpose
from ledcal.rig.logged import enter_action, require_log
from ledcal.rig.summary import key_object, print_json
from ledcal.rig.trust import KnownKey, retired_words
from ledcal.rig.verify_keys import KEY_RETIRED, KEY_TRUSTED


def new_key(
    name: str,
    purpose: str,
    output: Path,
    command: str | None,
    public_key: str | None,
    data_folder: Path | None = None,
) -> list[str]:
    """Make a key file and its public half; return what to tell about them.

    Raises:
        RefusedInput: An argument is refused, or a file is there already.
        StationError: The disk refuses, or the program does not sign.
    """
    wanted: Purpose | None = next((one for one in get_args(Purpose) if one == purpose), None)
    if wanted is None:
        known = ", ".join(get_args(Purpose))
        raise RefusedInput("PURPOSE", f"purpose {purpose!r}: is none of {known}")
    if (command is None) != (public_key is None):
        raise RefusedInput("KEY", "--command and --public-key go together; give both or none")
    if data_folder is not None:
        require_log(data_folder)
    if command is None or public_key is None:
        key = new_key_file(output, name, wanted)
    else:
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise RefusedInput("KEY", f"--command {command!r}: {error}") from error
        key = new_command_key_file(output, name, wanted, words, public_key)
    if data_folder is not None:
        facts = {"name": name, "purpose": wanted, "public_key": key.public.hex()}
        enter_action(data_folder, "key made", key.key_id.hex(), facts=facts)
    return [
        f"key {key.key_id.hex()} for {key.purpose}: {output}, for its owner only",
        f"its public half: {public_file(output)}; `ledcal key trust` it where its signatures are "
        "checked, and build it into the panels' firmware",
    ]


def enter_key(data_folder: Path, key: KnownKey, who: str, reason: str) -> None:
    """Enter into the log that a key is about to be trusted or retired.

    Raises:
        StationError: The store refuses.
    """
    facts = {
        **{"name": key.name, "purpose": key.purpose, "public_key": key.public.hex()},
        "reason": reason,
    }
    if key.retired is None:
        kind, change = KEY_TRUSTED, {"old": None, "new": "in use"}
    else:
        kind, change = KEY_RETIRED, {"old": "in use", "new": "retired"}
    enter_action(data_folder, kind, key.key_id, who=who, facts=facts | change)


def print_keys(keys: Sequence[KnownKey], *, as_json: bool) -> None:
    """Print keys for a person, or as one JSON object."""
    if as_json:
        print_json({"keys": [key_object(key) for key in keys]})
        return
    console = open_console()
    if not keys:
        console.print(Text("no key is known in this data folder"))
        return
    table = Table(title="Keys known in this data folder")
    for name in ("key id", "name", "purpose", "state"):
        table.add_column(name)
    for key in keys:
        state = "in use" if key.retired is None else retired_words(key.retired)
        name = f"{key.name} (its own)" if key.own else key.name
        table.add_row(key.key_id, Text(legible(name)), key.purpose, state)
    console.print(table)
