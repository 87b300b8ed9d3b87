"""How a plot becomes part of an asset's metadata: drawn small, with few colours, inside the text itself."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Any

import dagster as dg

_INCHES, _DPI, _COLOURS = (6.2, 2.5), 80, 24  # small: every materialization keeps its own
BLUE, ORANGE, GREY = "#2b6cb0", "#dd6b20", "#a0aec0"


def new_figure() -> Any:
    # Not pyplot: it keeps figures, and wants to know the screen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, dpi=_DPI)
    FigureCanvasAgg(figure)
    return figure


def tidy(figure: Any, *, dated: Any = None, **margins: float) -> Any:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    if dated is not None:
        locator = AutoDateLocator(maxticks=6)
        dated.xaxis.set_major_locator(locator)
        dated.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    for axes in figure.axes:
        axes.tick_params(labelsize=7)
        axes.xaxis.get_offset_text().set_fontsize(7)
        axes.spines[["top", "right"]].set_visible(False)
    figure.subplots_adjust(**{"left": 0.1, "right": 0.98, "top": 0.9, "bottom": 0.14, **margins})
    return figure


def picture(figure: Any) -> dg.MetadataValue:
    """A figure inside the text of a metadata entry, so that it needs no place of its own."""
    from PIL import Image

    drawn, small = BytesIO(), BytesIO()
    figure.savefig(drawn, format="png")
    Image.open(drawn).convert("RGB").quantize(_COLOURS).save(small, "png", optimize=True)
    return dg.MetadataValue.md(f"![plot](data:image/png;base64,{base64.b64encode(small.getvalue()).decode()})")
