"""Hold a digital calibration certificate against the schema that the user has.

PTB's schemas are under the LGPL and not shipped. Nothing is fetched: what a schema imports is
looked for below the folder that it is in, by namespace, whatever the files are called.
"""

import warnings
from pathlib import Path
from xml.etree import ElementTree

from ledcal.rig.errors import RefusedInput

_MOST_WORDS = 20


def schema_findings(document: bytes, schema: Path) -> list[str]:
    """Return what is wrong with a document by a schema, each with its place; empty when valid.

    Raises:
        RefusedInput: The schema cannot be used, or `ledcal[dcc]` is not installed.
    """
    try:
        import xmlschema
    except ImportError as error:
        raise RefusedInput(
            "DCC", "--schema needs the package xmlschema: pip install 'ledcal[dcc]'"
        ) from error
    try:
        with warnings.catch_warnings():
            # It warns of each import that it may not fetch; what stays unknown is an error below.
            warnings.simplefilter("ignore", xmlschema.XMLSchemaImportWarning)
            rules = xmlschema.XMLSchema(
                str(schema.resolve()), locations=_beside(schema), allow="local"
            )
        found = rules.iter_errors(xmlschema.XMLResource(document))
        return [f"{one.path}: {_short(one.reason or one.message)}" for one in found]
    except (xmlschema.XMLSchemaException, ElementTree.ParseError, OSError, ValueError) as error:
        raise RefusedInput(
            "SCHEMA",
            f"{schema}: cannot be used: {_short(str(error))}; the schemas that it imports "
            "(SI_Format.xsd, quantityKind.xsd) have to lie in its folder or below",
        ) from error


def _beside(schema: Path) -> list[tuple[str, str]]:
    """Return namespace and place of each schema below the same folder."""
    found = []
    for path in sorted(schema.resolve().parent.rglob("*.xsd")):
        if path == schema.resolve():
            continue
        try:
            namespace = ElementTree.parse(path).getroot().get("targetNamespace")
        except (ElementTree.ParseError, OSError):
            continue
        if namespace is not None:
            found.append((namespace, path.as_uri()))
    return found


def _short(text: str) -> str:
    said = text.split()
    return " ".join(said[:_MOST_WORDS]) + (" …" if len(said) > _MOST_WORDS else "")
