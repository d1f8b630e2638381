"""The words of an archive: its README.txt, and what each file is."""

FILES = {
    "certificate.html": "the certificate of the run: verdict, results, limits, uncertainty",
    "record.json": "the record, canonical JSON (RFC 8785): all facts of the run in order",
    "record.dsse.json": "the same in an envelope (DSSE), signed with Ed25519",
    "performed.dsse.json": "signed statement: who performed the run",
    "report.html": "the steps of the run for engineers (pytest-html; needs JavaScript)",
    "journal.jsonl": "the journal: one line of JSON for each fact, written when it was made",
    "transcript.jsonl": "every byte to and from each instrument, with its time",
    "spectra.parquet": "the spectra as the spectrometer sent them (Apache Parquet)",
    "calibration.json": "the calibration that was written, in full precision",
    "panel.ledcal": "the calibration file as the panel loads it, signed",
    "as-found.ledcal": "the calibration file that the panel carried before",
    "station.toml": "the station file of the run",
    "product.toml": "the product file of the run, with all limits",
    "seal.json": "SHA-256 of every file of the folder, signed",
    "log.proof": "proof that the run is in the log of its station (C2SP tlog-proof)",
    "deletion.proof": "proof that the run was deleted on request of one person by another",
    "issue.json": "who signed the file after review, and when",
    "results.csv": "every result with U, k, limits and verdict; its head explains the columns",
    "spectra.csv": "the spectra as CSV; its head explains the columns",
    "dcc.xml": "the results as a digital calibration certificate (PTB DCC 3.3, D-SI)",
    "panel.bin": "the issued calibration file",
    "panel.hex": "the same as Intel HEX; addresses begin at 0",
    "panel.c": "the same as a C array",
}
"""What each file is, by name."""


def what_is(path: str) -> str:
    """Return what a file of an archive is."""
    folder, _, name = path.rpartition("/")
    if name == "certificate.html" and folder.startswith("forms/"):
        return "the certificate with all that was signed since the run was closed"
    if name.startswith("certificate-"):
        return "certificate of an instrument, as the run used it"
    if name in FILES:
        return FILES[name]
    return "signed statement" if name.endswith(".dsse.json") else "kept with the run"


def place_of(path: str) -> tuple[int, str]:
    """Return by what the files of a run are sorted for a reader: the most telling first."""
    name = path.rpartition("/")[2]
    return ([*FILES].index(name) if name in FILES else len(FILES), path)


def readme_text(serial: str, key_id: str, software: str) -> str:
    """Return README.txt: what is what, and how to check it without ledcal.

    Lines that begin with `$` are commands; all of them work in the unpacked archive.
    """
    verify = (
        f"openssl pkeyutl -verify -pubin -inkey keys/{key_id}.pem -rawin -in SHA256SUMS "
        "-sigfile SHA256SUMS.sig"
    )
    return f"""\
ARCHIVE OF PANEL {serial}
{"=" * (17 + len(serial))}

Everything that is kept of one LED therapy panel: each run on the bench, the
failed and the aborted ones too, and each visit. Written by {software}, from
which this page does not need anything. Open index.html for a list with links.

WHAT IS WHERE

  index.html         list of all runs, with links; no script, nothing is loaded
  runs/ID/           a run as it was sealed when it ended: certificate.html is
                     the page to read, record.json the original of all facts
  proofs/ID/         the same for a run that proved an earlier file by light
  read-backs/ID/     visits to the panel without light; installs/ID/ likewise
  statements/ID/     who reviewed and who approved run ID, signed
  amendments/ID/     what was put right in the record of run ID since, signed
  issued/ID/         the file of run ID, when it was signed after review
  forms/ID/          the same content for other programs: results.csv,
                     spectra.csv, dcc.xml, panel.hex, panel.c; and the
                     certificate with the signatures that came after its run
  log/               entries of the station's log, each with its proof;
                     entries.csv is the list to read
  keys/              public keys of those who signed, as PEM and as TOML
  schema/            JSON Schema of records, amendments and statements
  check.py           checks all signatures; 200 lines that you can read
  SHA256SUMS         SHA-256 of every file but itself and its signature
  SHA256SUMS.sig     Ed25519 signature over SHA256SUMS, 64 bytes

A folder that is not needed is not there. Times are UTC. Numbers in record.json
are in SI units, named by the ending of each field (irradiance_w_m2 is in W/m2).

HOW TO CHECK IT WITHOUT LEDCAL

1. No file was altered since SHA256SUMS was written (on macOS: shasum -a 256 -c):

   $ sha256sum --check --quiet SHA256SUMS

2. SHA256SUMS was written by the holder of key {key_id} (OpenSSL 3):

   $ {verify}

3. Every seal, signed statement and proof of the log (Python 3.8 or later):

   $ python3 check.py

4. A key that comes with the archive proves nothing by itself. Ask the maker of
   the panel for the id of the key, by another way than the one by which this
   archive came, and compare. The id is the first 16 digits of the SHA-256 of
   the key's 32 bytes:

   $ openssl pkey -pubin -in keys/{key_id}.pem -outform DER | tail -c 32 | sha256sum

5. Whoever kept an earlier checkpoint of the log (it is printed on each
   certificate) can have the maker prove that the log grew from it.

With ledcal: ledcal verify FILE.zip

HOW THINGS ARE SIGNED

  seal.json          canonical JSON; the signature is over the same without its
                     member "signature"
  *.dsse.json        DSSE: the signature is over "DSSEv1", the lengths of type
                     and payload and both, separated by spaces
  *.proof            RFC 9162: leaf = SHA-256(0x00 || entry), node =
                     SHA-256(0x01 || left || right), up to the root in the
                     checkpoint; the checkpoint is a C2SP signed note
  panel.ledcal       the format of the panel's firmware, Ed25519 at its end
"""
