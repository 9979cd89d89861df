"""From a matplotlib figure to SVG inside the page: no id twice, no style attribute, and colours that follow the theme.

Figures are drawn in stand-in colours, which become `currentColor` and the style sheet's variables. The page's policy
forbids style attributes, so each becomes presentation attributes, which mean the same.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from xml.etree import ElementTree

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.artist import Artist
from matplotlib.figure import Figure

INK, QUIET, HAIRLINE = "#010101", "#010102", "#010103"
SERIES = tuple(f"#0201{number:02x}" for number in range(10))
"""Stand-ins for the colours of the style sheet."""
MARKERS = "oDs^vPX<>*"
DASHES = ("-", "--", "-.", ":")
COLOURS = {INK: "currentColor", QUIET: "var(--quiet)", HAIRLINE: "var(--hairline)"} | {
    colour: f"var(--s{number})" for number, colour in enumerate(SERIES)
}
STYLE = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "figure.constrained_layout.w_pad": 0.09,
    "figure.constrained_layout.h_pad": 0.08,
    "font.size": 10.0,
    "axes.titlesize": 10.5,
    "axes.labelsize": 10.0,
    "xtick.labelsize": 9.0,
    "ytick.labelsize": 9.0,
    "legend.fontsize": 9.0,
    "legend.frameon": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": HAIRLINE,
    "grid.linewidth": 0.7,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "lines.linewidth": 1.6,
    "lines.markersize": 5.5,
}
KEPT = ("viewBox", "transform", "id", "d", "x", "y", "width", "height", "href", "clip-path", "cx", "cy", "r")
DROPPED = ("metadata", "style", "title")
ENLARGED = 1.3  # pixels a point, so that the text is as large as the page's small type
XLINK = "{http://www.w3.org/1999/xlink}"


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot and its words."""

    title: str
    caption: str
    svg: Markup


def colour(number: int) -> str:
    return SERIES[number % len(SERIES)]


def marker(number: int) -> str:
    return MARKERS[number % len(MARKERS)]


def dashes(number: int) -> str:
    """The line style: another one each time the colours start again."""
    return DASHES[number // len(SERIES) % len(DASHES)]


@contextmanager
def drawing(width: float, height: float, layout: str | None = "constrained") -> Iterator[Figure]:
    """A figure of so many inches, in the house style; draw and call `inline` within the block."""
    with mpl.rc_context(STYLE), warnings.catch_warnings():  # type: ignore[arg-type]  # its stub names every key
        warnings.simplefilter("ignore")  # a name in letters that matplotlib's own font lacks; the browser has them
        yield Figure(figsize=(width, height), layout=layout)  # type: ignore[arg-type]


def legend(figure: Figure) -> None:
    """Above the panels: each label of theirs once."""
    labels: dict[str, Artist] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            labels.setdefault(str(label), handle)
    if labels:
        figure.legend(list(labels.values()), list(labels), loc="outside upper left", ncols=min(4, len(labels)))


def inline(figure: Figure, name: str, words: str, tips: Mapping[str, str] | None = None) -> Markup:
    """The figure as an `<svg>` element with the role of a picture.

    name: unique on the page, of letters, digits and dashes. words: what the picture says, for those who do not see it.
    tips: an artist's gid -> what is said when the pointer rests on it.
    """
    text = StringIO()
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    root = ElementTree.fromstring(text.getvalue())
    plain = _plain(root, name, tips or {})
    width, height = figure.get_size_inches() * 72
    plain.attrib = {
        "class": "plot",
        "role": "img",
        "aria-label": words,
        "viewBox": f"0 0 {width:g} {height:g}",
        "width": f"{ENLARGED * width:.0f}",
        "height": f"{ENLARGED * height:.0f}",
        "stroke-linejoin": "round",
        "stroke-linecap": "butt",
    }
    return Markup(ElementTree.tostring(plain, encoding="unicode", short_empty_elements=False))


def _plain(element: ElementTree.Element, name: str, tips: Mapping[str, str]) -> ElementTree.Element:
    """The element without namespaces, styles and ids that nobody refers to."""
    made = ElementTree.Element(_local(element.tag))
    made.text = (element.text or "").strip()
    for key, value in element.attrib.items():
        if key == "style":
            made.attrib |= _attributes(value)
        elif (attribute := key.removeprefix(XLINK)) in KEPT:
            made.set(attribute, _renamed(" ".join(value.split()), name))
        elif key not in ("version", "fill-rule", "clip-rule"):
            made.set(_local(key), value)
    if made.tag in ("g", "text") and "id" in made.attrib:
        identifier = element.get("id", "")
        del made.attrib["id"]
        if identifier in tips:
            ElementTree.SubElement(made, "title").text = tips[identifier]
    made.extend(_plain(child, name, tips) for child in element if _local(child.tag) not in DROPPED)
    if "id" in made.attrib:
        made.set("id", f"{name}-{made.attrib['id']}")
    return made


def _attributes(style: str) -> dict[str, str]:
    """`fill: none; stroke: #010101` as attributes; fonts are the style sheet's."""
    found: dict[str, str] = dict(re.findall(r"\s*([\w-]+)\s*:\s*([^;]+?)\s*(?:;|$)", style))
    return {key: COLOURS.get(value) or value for key, value in found.items() if key not in ("font-family", "font")}


def _renamed(value: str, name: str) -> str:
    """References to ids, with the plot's name before them."""
    value = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", value)
    return f"#{name}-{value[1:]}" if value.startswith("#") else value


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
