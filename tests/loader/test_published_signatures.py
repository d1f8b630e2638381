"""Wycheproof's signatures, judged by what the virtual panel and the rig use."""

from collections.abc import Callable, Sequence

from ledcal.calibration.firmware._host import ffi, lib
from ledcal.calibration.firmware.loader import ledcal_ed25519_verify
from ledcal.rig.keys import signature_holds
from tests.loader.published_signatures import Signature, hold_against

Proves = Callable[[str, int], None]


def test_the_hosts_hook_judges_as_published(proves: Proves) -> None:
    def judge(cases: Sequence[Signature]) -> list[bool]:
        return [
            ledcal_ed25519_verify(
                ffi.from_buffer("uint8_t[]", case.signature),
                ffi.from_buffer("uint8_t[]", case.public_key),
                ffi.from_buffer("uint8_t[]", case.message),
                len(case.message),
            )
            == lib.LEDCAL_SIGNATURE_VALID
            for case in cases
        ]

    hold_against(judge, proves, "the host's hook")


def test_the_rig_judges_as_published(proves: Proves) -> None:
    def judge(cases: Sequence[Signature]) -> list[bool]:
        return [signature_holds(case.public_key, case.signature, case.message) for case in cases]

    hold_against(judge, proves, "the rig", any_length=True)
