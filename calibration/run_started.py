"""The first event of a run: what was asked for, and with what it was begun."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """Event `run_started`: who, what, where and with what software.

    Attributes:
        run: Run id.
        serial: Panel serial as scanned or typed.
        operator: Operator id, "not recorded" when none was given.
        reason: Why this run was made.
        mode: PROD, ENG or DEMO.
        simulated: True when no real instrument took part.
        speed: Bench seconds per wall-clock second.
        attempt: 1 for the first run of this serial in this data folder.
        station: name, site, file_sha256.
        product: model, version, file_sha256.
        plane: distance_mm, aperture and what else defines the reference plane.
        decision_rule: The rule in words.
        software: Name to version, of ledcal and all that it computes and measures with.
        at: UTC time, ISO 8601.
        proves: Run whose issued file is proven by light; empty where a new file is made.
        laboratory: name, country_code, city, post_code, street; as far as they are stated.
        performer: signed_on ("badge and PIN", or "typed, not proven"), and for the former role
            and log_entry; empty where nobody was named.
        item: customer, received and condition of the panel, as far as they were stated.
        method: id, revision and sha256 of the files of the procedure.
    """

    run: str
    serial: str
    operator: str
    reason: str
    mode: str
    simulated: bool
    speed: float
    attempt: int
    station: dict[str, str]
    product: dict[str, str]
    plane: dict[str, str]
    decision_rule: str
    software: dict[str, str]
    at: str
    proves: str = ""
    laboratory: dict[str, str] = field(default_factory=dict)
    performer: dict[str, str] = field(default_factory=dict)
    item: dict[str, str] = field(default_factory=dict)
    method: dict[str, str] = field(default_factory=dict)

    @property
    def performer_words(self) -> str:
        """How the operator is known, for a person; empty where the record does not say."""
        said = self.performer
        known = said.get("signed_on", "")
        if "role" not in said:
            return known
        return f"{said['role']}, {known}, log entry {said.get('log_entry', '')}"
