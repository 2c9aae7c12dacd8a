"""The page: the sections of PS3.2 in their order, each from the tables of the code."""

from collections.abc import Iterator
from typing import Final

from pydicom.charset import python_encoding

from core.domain.codes import Code
from core.domain.identity import VERSION
from core.sections import Destination, Dicom, Section
from highdicom_out import concepts as structure
from highdicom_out.encoding import PLAIN
from highdicom_out.written import CODECS
from router.attributes import KEPT, STUDY, UIDS
from varde.conformance import committing, concepts, configured, names, network, objects, observed
from varde.conformance.markdown import columns, heading, paragraph, table

COMMAND: Final = "varde conformance --out docs/conformance.md"
FLOW: Final = """\
```
 modality, PACS, vendor node                              PACS, archive, viewer
        |  C-STORE, C-ECHO                                        ^  C-STORE, N-ACTION
        v                                                         |
   +---------+    study complete    +-----------+   result   +------------+
   | ROUTER  | -------------------> | algorithm | ---------> | DELIVERY,  |
   +---------+                      +-----------+            | COMMITMENT |
                                                             +------------+
```"""


def statement() -> str:
    """The DICOM conformance statement in Markdown."""
    return "\n".join(_lines()).rstrip("\n") + "\n"


def _lines() -> Iterator[str]:
    """Every line of the page."""
    for section in (_overview, _introduction, _networking, _rest, _created, _codes):
        yield from section()


def _overview() -> Iterator[str]:
    yield from heading(1, f"DICOM conformance statement of Varde {VERSION}")
    yield from paragraph(
        f"Made by `{COMMAND}` from the tables that the program itself works with; a test fails "
        "where this page says anything else. Its sections are those of PS3.2. The rows of IHE AI "
        "Results are in [ihe-air.md](ihe-air.md), presets for viewers in "
        "[destinations.md](destinations.md), settings in [operations.md](operations.md)."
    )
    yield from heading(2, "1 Conformance statement overview")
    yield from paragraph(
        "Varde takes radiology studies, runs algorithms on them, and sends what they say as DICOM "
        "objects of the same study. It queries nothing, changes nothing that it received, and "
        "sends what it received to nobody."
    )
    yield from table(
        ("SOP class", "user of service (SCU)", "provider of service (SCP)"), _services()
    )


def _services() -> Iterator[tuple[str, str, str]]:
    sent = {one.sop_class_uid for one in observed.made()}
    for uid in sorted(sent, key=names.sop_class):
        yield names.sop_class(uid), "yes", "yes" if network.accepts(uid) else "no"
    yield f"the other Storage SOP classes of {network.STORAGE}", "no", "yes"
    yield "Verification", "no", "yes"
    yield "Storage Commitment Push Model", "yes", "no"
    yield "Query/Retrieve, Modality Worklist, MPPS, Print, DICOMweb, media", "no", "no"


def _introduction() -> Iterator[str]:
    yield from heading(2, "2 Introduction")
    yield from paragraph(
        "For whoever connects Varde to a PACS, and for whoever judges whether it may be. "
        "Interoperability is shown by testing the two systems together, not by comparing "
        "statements. The algorithms that come with Varde are reference models and not for "
        "clinical use; every object says so, and is unverified and preliminary."
    )


def _networking() -> Iterator[str]:
    yield from heading(2, "3 Networking")
    yield from heading(3, "3.1 Implementation model")
    yield from [*FLOW.splitlines(), ""]
    dicom, calling = Dicom(), str(Destination.model_fields["calling"].default)
    yield from table(
        ("application entity", "does", "AE title", "setting"),
        [
            (
                "ROUTER",
                "receives studies, and reports on commitment",
                dicom.ae_title,
                "`dicom.ae_title`, `sites.*.called`",
            ),
            ("DELIVERY", "sends results", calling, "`destinations.*.calling`"),
            ("COMMITMENT", "asks for storage commitment", calling, "`destinations.*.calling`"),
        ],
    )
    yield from paragraph(
        "A study is complete when nothing of it has arrived for `assembly.quiet_s` and no "
        "association is sending it, or after `assembly.patience_s`; its results follow on an "
        "association of their own. Instances that come later make a new "
        "revision, whose results take the place of the older ones."
    )
    yield from heading(3, "3.2 ROUTER: Storage and Verification SCP")
    yield from network.receiving()
    yield from heading(3, "3.3 DELIVERY: Storage SCU")
    yield from network.sending()
    yield from heading(3, "3.4 COMMITMENT: Storage Commitment SCU")
    yield from committing.section()
    yield from heading(3, "3.5 Network interfaces")
    yield from paragraph(
        f"TCP/IP over whatever the operating system offers. ROUTER listens on `dicom.host`, "
        f"{dicom.host} unless it is set, port {dicom.port}. Peers are named by address or host "
        "name in `site.toml`; nothing is discovered."
    )
    yield from heading(3, "3.6 Configuration")
    yield from configured.configuration()


def _rest() -> Iterator[str]:
    yield from heading(2, "4 Media interchange")
    yield from paragraph("None.")
    yield from heading(2, "5 Character sets")
    yield from paragraph(
        f"Objects are written in {PLAIN.character_set} (UTF-8), or in "
        f"{', '.join(name for name in CODECS if name != PLAIN.character_set)} where "
        "`destinations.*.character_set` asks for it and every text of the object fits. What is "
        f"received may be in any of: {', '.join(name for name in python_encoding if name)}; "
        "instances are kept as they came."
    )
    yield from heading(2, "6 Security")
    yield from paragraph(_security())
    yield from heading(2, "7 What is used of received instances")
    yield from paragraph(
        "Required, or the instance is refused: SOP Class UID and "
        f"{', '.join(map(names.attribute, UIDS))}. Kept in the database for routing and for the "
        f"pages: {', '.join(map(names.attribute, (*KEPT, *STUDY.values())))}. Routes may name "
        "further attributes."
    )


def _security() -> str:
    said = [name for name in _fields(Dicom, Destination) if "tls" in name or "certificate" in name]
    tls = (
        f"TLS (PS3.15 B) is set by {', '.join(f'`{name}`' for name in said)}."
        if said
        else "There is no TLS yet (PS3.15 B): associations are neither encrypted nor signed, "
        "and belong in a network that is trusted or tunnelled."
    )
    return (
        f"{tls} A peer is known by its called and calling AE title alone; others are rejected. "
        "User identity is not negotiated, no audit messages (PS3.15 A.5) are sent, objects carry "
        "no digital signature, and nothing is de-identified."
    )


def _fields(*sections: type[Section]) -> list[str]:
    return [name for section in sections for name in section.model_fields]


def _created() -> Iterator[str]:
    yield from heading(2, "8 Created objects")
    yield from objects.section()
    made = observed.made()
    extended = [
        f"{names.attribute(keyword)} in {names.sop_class(one.sop_class_uid)}"
        for one in made
        for keyword in objects.elsewhere(one)
    ]
    told = f"extended by {'; '.join(extended)}." if extended else "none is extended."
    private = "some have" if any(one.private for one in made) else "none has"
    yield from paragraph(
        f"SOP classes are standard ones; {told} Private attributes: {private} them. Private "
        "transfer syntaxes: none."
    )


def _codes() -> Iterator[str]:
    yield from heading(2, "9 Coded terminology")
    yield from paragraph(
        "The same code stands for the same thing in every object; code meanings are English, "
        f"texts follow the destination's language ({' or '.join(sorted(structure.LANGUAGE))}). "
        f"{structure.SCHEME} is Varde's private coding scheme."
    )
    yield from heading(3, "Codes of the structure")
    rows = [_code(code) for code, _ in concepts.structure()]
    yield from columns(("value", "scheme", "meaning"), rows, 4)
    yield from heading(3, "Codes of the algorithms")
    used = [(f"`{key}`", *_code(code), what) for key, code, what in concepts.algorithms()]
    yield from columns(("algorithm", "value", "scheme", "meaning", "is"), used, 3)
    yield from heading(3, "Reasons and remarks")
    yield from paragraph(
        f"In scheme {structure.SCHEME}, as the value of {_named(structure.REASON)} and "
        f"{_named(structure.REMARK)}."
    )
    told = [(code.value, sentence) for code, sentence in concepts.reasons()]
    yield from columns(("value", "sentence"), told, 3)


def _code(code: Code) -> tuple[str, str, str]:
    return code.value, code.scheme, code.meaning


def _named(code: Code) -> str:
    return f'({code.value}, {code.scheme}, "{code.meaning}")'
