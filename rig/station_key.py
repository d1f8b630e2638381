"""The key that signs what a station makes, and the data folders that know it."""

from pathlib import Path

from ledcal.rig.errors import RefusedInput
from ledcal.rig.key_file import prove, read_key_file
from ledcal.rig.key_listing import enter_key
from ledcal.rig.keys import SigningKey, engineering_key
from ledcal.rig.logged import login
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station, beside
from ledcal.rig.trust import KnownKey, known_key, require_in_use, trust_key


def key_of(station: SettingsFile[Station], kept_in: Path | None = None) -> SigningKey:
    """Return the key that signs what this station makes.

    Args:
        station: The station file.
        kept_in: Data folder that it is kept in, None for the one of the station file.

    Raises:
        RefusedInput: The PROD key cannot be used, is for engineering, or is retired; or it is kept
            where the key is not known.
        StationError: The engineering key cannot be made, or the PROD key does not answer.
    """
    key = _station_key(station)
    if kept_in is not None:
        if station.settings.mode != "PROD":
            _let_know(key, station, kept_in)
        require_known(key, station, kept_in)
    return key


def _let_know(key: SigningKey, station: SettingsFile[Station], kept_in: Path) -> None:
    """Let another data folder know a key for engineering, and enter that into its log.

    Who may keep runs there may let it know such a key, which signs nothing for production.
    """
    if kept_in.resolve() == beside(station, station.settings.data_folder):
        return
    own = KnownKey(name=station.settings.name, purpose="ENG", public=key.public)
    reason = f"a run of {station.path} is kept here"
    trust_key(
        own, kept_in, lambda one: enter_key(kept_in, one, login(), reason), source=station.path
    )


def require_known(key: SigningKey, station: SettingsFile[Station], kept_in: Path) -> None:
    """Refuse to keep what a PROD key signs in another data folder, unless that knows the key.

    The key stays the station's also there: its panels load no file that another has signed. A
    key for engineering is made known there by the first run.

    Raises:
        RefusedInput: It does not know it, or has retired it.
    """
    own = beside(station, station.settings.data_folder)
    if kept_in.resolve() == own:
        return
    name = key.key_id.hex()
    known = known_key(kept_in, name)
    if known is None and station.settings.mode != "PROD":
        return
    if known is None or known.public != key.public:
        raise RefusedInput(
            "KEY_UNKNOWN",
            f"{kept_in}: this data folder does not know key {name}, with which {station.path} "
            "signs, and could not verify the run; leave out --data, and LEDCAL_DATA, to use "
            f"{own}, or let it know the key first: `ledcal key trust FILE.pub --data DIR`, where "
            "FILE.pub is beside the key file, or is made by `ledcal introduce NAME --output "
            f"FILE.pub --data {own}`",
        )
    require_in_use(key.public, kept_in)


def _station_key(station: SettingsFile[Station]) -> SigningKey:
    said = station.settings
    data_folder = beside(station, said.data_folder)
    if said.mode != "PROD" or said.signing == "after review":
        return engineering_key(data_folder)
    assert said.signing_key is not None  # the station file is refused without it
    path = beside(station, said.signing_key)
    key = read_key_file(path)
    known = known_key(data_folder, key.key_id.hex())
    if key.purpose != "PROD" or (known is not None and known.purpose != "PROD"):
        raise RefusedInput(
            "KEY", f"{path}: key {key.name!r} is for engineering; a PROD station needs a PROD key"
        )
    require_in_use(key.public, data_folder)
    prove(key)
    return key
