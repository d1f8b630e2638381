import hashlib
import subprocess
from importlib.resources import files
from pathlib import Path

from ledcal.rig.source_identity import source_sha256


def test_the_hash_is_that_of_the_files_that_are_imported() -> None:
    lines = []
    for layer in ("calibration", "fixtures", "instruments", "reports", "rig"):
        folder = Path(str(files(f"ledcal.{layer}"))).resolve()
        listed = subprocess.run(["find", folder, "-type", "f"], capture_output=True, text=True)
        for path in map(Path, listed.stdout.splitlines()):
            if path.suffix in {".py", ".c", ".h", ".html", ".css", ".toml", ".ini"}:
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                lines.append((f"{layer}/{path.relative_to(folder)}", digest))
    assert len(lines) > 100
    text = "".join(f"{digest}  {name}\n" for name, digest in sorted(lines))
    assert source_sha256() == hashlib.sha256(text.encode()).hexdigest()
