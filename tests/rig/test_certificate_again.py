import sys
from pathlib import Path

import pytest

from ledcal.rig.certificate_again import write_pdf
from ledcal.rig.errors import RefusedInput


def test_without_weasyprint_the_user_is_told_what_to_install(
    sealed_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(RefusedInput, match=r"pip install 'ledcal\[pdf\]'.*in a browser"):
        write_pdf(sealed_run, tmp_path / "x.pdf")
    assert not (tmp_path / "x.pdf").exists()
