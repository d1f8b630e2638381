"""Who issues a certificate: the laboratory, as far as the station file states it."""

from ledcal.calibration.run_started import RunStarted
from ledcal.reports.text import NOT_RECORDED

_PRODUCT = ("ledcal", "test and calibration of red and near-infrared LED therapy panels")


def issuer(run: RunStarted) -> tuple[str, str]:
    """Return the name at the head of the page and the words beside it."""
    name, address = laboratory(run)
    return _PRODUCT if name == NOT_RECORDED else (name, address)


def laboratory(run: RunStarted) -> tuple[str, str]:
    """Return the laboratory's name and its address in one line."""
    said = run.laboratory
    place = f"{said.get('post_code', '')} {said.get('city', '')}".strip()
    parts = [said.get("street", ""), place, said.get("country_code", "")]
    address = ", ".join(part for part in parts if part)
    return said.get("name", NOT_RECORDED), address or f"address: {NOT_RECORDED}"
