"""What makes a PDF one for the archive (PDF/A-2b, ISO 19005-2): metadata that say so and agree with the document's own,
and the colours that its RGB is meant in. Fonts are embedded by `interop.fonts`; nothing is encrypted, nothing runs.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from xml.sax.saxutils import escape

from PIL import ImageCms
from reportlab.pdfbase import pdfdoc
from reportlab.pdfgen.canvas import Canvas

from pfm_desktop.interop import fonts

SRGB = "sRGB IEC61966-2.1"


class _Catalog(pdfdoc.PDFCatalog):  # type: ignore[misc]  # reportlab has no types
    """With the intent of its colours, which reportlab's own does not write."""

    __NoDefault__ = (*pdfdoc.PDFCatalog.__NoDefault__, "OutputIntents")


class ArchiveCanvas(Canvas):  # type: ignore[misc]
    """Writes PDF/A-2b where only embedded fonts and RGB colours are used."""

    def __init__(self, *args: object, **options: object) -> None:
        # every page names the font that it begins with, which would be one that is not embedded
        super().__init__(*args, **{**options, "pdfVersion": (1, 7), "initialFontName": fonts.SANS})

    def save(self) -> None:
        """See `Canvas.save`."""
        document = self._doc
        catalog = document.Catalog
        catalog.__class__ = _Catalog
        kind = {"Type": pdfdoc.PDFName("Metadata"), "Subtype": pdfdoc.PDFName("XML")}
        catalog.Metadata = _Plain(pdfdoc.PDFDictionary(kind), _metadata(document))
        profile = _Plain(pdfdoc.PDFDictionary({"N": 3, "Alternate": pdfdoc.PDFName("DeviceRGB")}), _profile())
        intent = pdfdoc.PDFDictionary(
            {
                "Type": pdfdoc.PDFName("OutputIntent"),
                "S": pdfdoc.PDFName("GTS_PDFA1"),
                "OutputConditionIdentifier": pdfdoc.PDFString(SRGB),
                "Info": pdfdoc.PDFString(SRGB),
                "DestOutputProfile": document.Reference(profile),
            }
        )
        catalog.OutputIntents = pdfdoc.PDFArray([document.Reference(intent)])
        super().save()


class _Plain(pdfdoc.PDFStream):  # type: ignore[misc]
    """Not compressed: whoever looks for the metadata has to find them without a PDF reader."""

    def format(self, document: pdfdoc.PDFDocument) -> bytes:
        """As reportlab writes a stream, without filters."""
        fields = pdfdoc.PDFDictionary({**self.dictionary.dict, "Length": len(self.content)})
        return bytes(pdfdoc.format(fields, document) + b"\nstream\n" + self.content + b"\nendstream\n")


def _metadata(document: pdfdoc.PDFDocument) -> bytes:
    """XMP that says the same as the document's information."""
    info, stamp = document.info, document._timeStamp
    year, month, day, hour, minute, second = (int(part) for part in stamp.YMDhms)
    offset = f"{'+' if stamp.dhh >= 0 else '-'}{abs(stamp.dhh):02d}:{stamp.dmm:02d}"
    at = f"{datetime(year, month, day, hour, minute, second).isoformat()}{offset}"
    names = ("title", "author", "subject", "creator", "producer", "keywords")
    said = {name: escape(str(getattr(info, name) or "")) for name in names}
    words = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{said["title"]}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{said["author"]}</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{said["subject"]}</rdf:li></rdf:Alt></dc:description>
<xmp:CreatorTool>{said["creator"]}</xmp:CreatorTool><pdf:Producer>{said["producer"]}</pdf:Producer>
<pdf:Keywords>{said["keywords"]}</pdf:Keywords><pdf:Trapped>False</pdf:Trapped>
<xmp:CreateDate>{at}</xmp:CreateDate><xmp:ModifyDate>{at}</xmp:ModifyDate>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""
    return words.encode()


@lru_cache(maxsize=1)
def _profile() -> bytes:
    """sRGB, as Little CMS makes it."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
