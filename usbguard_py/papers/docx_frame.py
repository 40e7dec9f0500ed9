"""The parts of a DOCX file that are the same for every paper (ECMA-376-1, transitional; OPC is ECMA-376-2)."""

from usbguard_py import __version__

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.wordprocessingml"
NAMESPACES = f'xmlns:w="{_W}" xmlns:r="{_R}"'

A4 = (11906, 16838)  # twips
TOP = BOTTOM = 1134  # 20 mm
LEFT = 1701  # 30 mm
RIGHT = 851  # 15 mm
_HEADER_AT, _FOOTER_AT = 567, 397  # 10 and 7 mm from the edge


def page(*, landscape: bool) -> int:
    """Width of the page in twips."""
    return A4[1] if landscape else A4[0]


def section(*, landscape: bool) -> str:
    """The page: size, margins, the number above it from the second page on, the foot on all."""
    width, height = reversed(A4) if landscape else A4
    turned = ' w:orient="landscape"' if landscape else ""
    return (
        '<w:sectPr><w:headerReference w:type="default" r:id="rId3"/><w:footerReference w:type="default" r:id="rId4"/>'
        f'<w:footerReference w:type="first" r:id="rId4"/><w:pgSz w:w="{width}" w:h="{height}"{turned}/>'
        f'<w:pgMar w:top="{TOP}" w:right="{RIGHT}" w:bottom="{BOTTOM}" w:left="{LEFT}" w:header="{_HEADER_AT}" '
        f'w:footer="{_FOOTER_AT}" w:gutter="0"/><w:titlePg/></w:sectPr>'
    )


HEADER = (
    f'<w:hdr {NAMESPACES}><w:p><w:pPr><w:spacing w:after="0"/><w:jc w:val="center"/></w:pPr>'
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>2</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    "</w:p></w:hdr>"
)
FOOTER = f"<w:ftr {NAMESPACES}>@FOOTER@</w:ftr>"

_FONT = "Times New Roman"
_STYLES = (
    f'<w:styles {NAMESPACES}><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="{_FONT}" w:hAnsi="{_FONT}" '
    f'w:eastAsia="{_FONT}" w:cs="{_FONT}"/><w:color w:val="000000"/><w:sz w:val="28"/><w:szCs w:val="28"/>'
    '<w:lang w:val="@LANGUAGE@"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="120" w:line="240" '
    'w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults><w:style w:type="paragraph" w:default="1" '
    'w:styleId="Normal"><w:name w:val="Normal"/></w:style></w:styles>'
)
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = (("rId1", "styles", "styles.xml"), ("rId2", "settings", "settings.xml"))
_OFFICE += (("rId3", "header", "header1.xml"), ("rId4", "footer", "footer1.xml"))  # type: ignore[assignment] # longer


def _relations(entries: tuple[tuple[str, str, str], ...]) -> str:
    each = "".join(f'<Relationship Id="{id_}" Type="{kind}" Target="{target}"/>' for id_, kind, target in entries)
    return f'<Relationships xmlns="{_RELATIONS}">{each}</Relationships>'


_OVERRIDES = {
    "word/document.xml": f"{_TYPES}.document.main+xml",
    "word/styles.xml": f"{_TYPES}.styles+xml",
    "word/settings.xml": f"{_TYPES}.settings+xml",
    "word/header1.xml": f"{_TYPES}.header+xml",
    "word/footer1.xml": f"{_TYPES}.footer+xml",
    "docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
    "docProps/app.xml": "application/vnd.openxmlformats-officedocument.extended-properties+xml",
}
_PROPERTIES = "http://schemas.openxmlformats.org/package/2006"
FRAME = {  # [Content_Types].xml first, as some readers want it
    "[Content_Types].xml": (
        f'<Types xmlns="{_PROPERTIES}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        + "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in _OVERRIDES.items())
        + "</Types>"
    ),
    "_rels/.rels": _relations(
        (
            ("rId1", f"{_R}/officeDocument", "word/document.xml"),
            ("rId2", f"{_RELATIONS}/metadata/core-properties", "docProps/core.xml"),
            ("rId3", f"{_R}/extended-properties", "docProps/app.xml"),
        )
    ),
    "word/_rels/document.xml.rels": _relations(tuple((id_, f"{_R}/{kind}", file) for id_, kind, file in _OFFICE)),
    "word/styles.xml": _STYLES,
    "word/settings.xml": f'<w:settings {NAMESPACES}><w:defaultTabStop w:val="567"/><w:compat><w:compatSetting '
    'w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat></w:settings>',
    # No name of a person and no time: the same list and the same answers give the same file.
    "docProps/core.xml": f'<cp:coreProperties xmlns:cp="{_PROPERTIES}/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>@TITLE@</dc:title></cp:coreProperties>',
    "docProps/app.xml": '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
    f"<Application>usbguard-py {__version__}</Application></Properties>",
}
