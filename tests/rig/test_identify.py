import dataclasses
from typing import Any

import pytest

from ledcal.calibration.record import PanelIdentity
from ledcal.rig.errors import SetupError
from ledcal.rig.identify import FoundPanel
from ledcal.rig.product import Product
from ledcal.rig.settings import SettingsFile

NOMINAL_NM = (630.0, 660.0, 810.0, 830.0, 850.0)


def test_a_panel_of_the_product_is_taken(
    identity: PanelIdentity, product: SettingsFile[Product]
) -> None:
    FoundPanel(identity=identity, nominal_nm=NOMINAL_NM).require(product.settings)
    near = (630.5, 659.5, 810.0, 830.0, 850.0)
    FoundPanel(identity=identity, nominal_nm=near).require(product.settings)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("product_code", 4202, "product code: the product file says 4201, the panel 4202"),
        ("distance_mm", 151, "reference distance in mm: the product file says 150, the panel 151"),
        ("geometry_id", 2, "geometry id: the product file says 1, the panel 2"),
        ("hardware_revision", 2, "hardware revision: the product file allows [1], the panel is 2"),
    ],
)
def test_each_mismatch_is_named_with_both_values(
    identity: PanelIdentity, product: SettingsFile[Product], field: str, value: Any, words: str
) -> None:
    other = dataclasses.replace(identity, **{field: value})
    with pytest.raises(SetupError) as caught:
        FoundPanel(identity=other, nominal_nm=NOMINAL_NM).require(product.settings)
    assert caught.value.code == "WRONG_PRODUCT"
    assert caught.value.outcome.exit_code == 3
    assert words in str(caught.value)
    assert "choose its product file" in str(caught.value)


@pytest.mark.parametrize(
    "nominal_nm",
    [
        (),
        NOMINAL_NM[:4],
        (*NOMINAL_NM, 940.0),
        (660.0, 630.0, 810.0, 830.0, 850.0),
        (630.6, *NOMINAL_NM[1:]),
        (*NOMINAL_NM[:4], float("nan")),
        (*NOMINAL_NM[:4], float("inf")),
    ],
)
def test_other_channels_are_refused(
    identity: PanelIdentity, product: SettingsFile[Product], nominal_nm: tuple[float, ...]
) -> None:
    with pytest.raises(SetupError, match="channels: the product file has"):
        FoundPanel(identity=identity, nominal_nm=nominal_nm).require(product.settings)


def test_all_mismatches_are_named_at_once(
    identity: PanelIdentity, product: SettingsFile[Product]
) -> None:
    other = dataclasses.replace(identity, product_code=1, geometry_id=9)
    with pytest.raises(SetupError) as caught:
        FoundPanel(identity=other, nominal_nm=NOMINAL_NM[:1]).require(product.settings)
    for name in ("product code", "geometry id", "channels"):
        assert name in str(caught.value)
