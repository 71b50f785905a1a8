"""The graph of an expression: a box for each value, with the number and its gradient, and the operations between them.

Lesson 08. It draws any node that has `data`, `grad`, `requires_grad`, `name`, `operation`, `edges` (each with a
`parent`) and `topological_order()`, such as `tunesmith.scratch.Tensor`. Columns follow the arrows; within a column the
boxes are ordered so that few arrows cross (Kozo Sugiyama, Shojiro Tagawa and Mitsuhiko Toda, "Methods for visual
understanding of hierarchical system structures", IEEE Transactions on Systems, Man, and Cybernetics 11, 1981).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from tunesmith.display.drawing import Drawing, Picture, shade, tint
from tunesmith.display.frontend import in_notebook
from tunesmith.display.plots import image_html
from tunesmith.display.style import CONCEPTS, FAINT_INK, GREY, INK, PAPER

MOST = 60  # values in one picture
SHOWN = 24  # values in a picture that nobody asked for: as the last line of a cell

_ROWS, _COLUMNS = 3, 4  # of a matrix that is printed number by number
_LETTER, _LINE = 9.7, 23  # the width of a letter in code at size 16, the height of a line
_SIZE = 16
_GAP, _WAY = 26, 58  # between boxes of a column, between columns
_GRADIENT = shade(CONCEPTS["training"])
_SIGNS = {"*": "×", "-": "−", "/": "÷", "[ ]": "part"}


def plot_graph(node: Any) -> None:
    """Show how a value was made: its graph, with values and gradients. Lesson 08.

    node: a Tensor of `tunesmith.scratch`; its graph has at most 60 values. Leaves are boxes with a heavy edge,
    constants pale, and each result stands behind the operation that made it. In a plain terminal a text is printed.
    Raises ValueError for what is no such node, and for a larger graph.
    """
    drawn = picture(node)
    if in_notebook():
        from IPython.display import display

        display(_bundle(drawn), raw=True)
    else:
        print(drawn.alt)


def graph_bundle(node: Any) -> dict[str, str]:
    """What a notebook stores for a Tensor: the drawing of its graph, or its text where there are many values."""
    if len(node.topological_order()) > SHOWN:
        return {"text/plain": repr(node)}
    return _bundle(picture(node))


def picture(node: Any) -> Picture:
    """The drawing of a graph with its alternative text, one line a value. Raises ValueError as `plot_graph` does."""
    if not hasattr(node, "topological_order"):
        raise ValueError(f"a graph is drawn of a Tensor of tunesmith.scratch, not of {type(node).__name__}")
    nodes = node.topological_order()
    if len(nodes) > MOST:
        raise ValueError(f"this graph has {len(nodes)} values; a drawing holds {MOST}: draw a smaller expression")
    boxes = _boxes(nodes)
    alt = _alt(boxes)
    return Picture(_draw(_columns(boxes), boxes, alt), alt)


def _bundle(drawn: Picture) -> dict[str, str]:
    return {"text/html": image_html(drawn.svg, drawn.alt), "text/plain": drawn.alt}


# ---------------------------------------------------------------- what stands in the boxes


@dataclass(eq=False)
class _Box:
    """One value, or a bend of an arrow that passes a column (node None). x, y: its middle."""

    node: Any = None
    parents: list[_Box] = field(default_factory=list)
    label: str = ""
    value: list[str] = field(default_factory=list)
    gradient: list[str] = field(default_factory=list)
    column: int = 0
    x: float = 0
    y: float = 0

    @property
    def sign(self) -> str:
        """The operation as it is drawn."""
        return _SIGNS.get(self.node.operation, self.node.operation) if self.node is not None else ""

    @property
    def badge(self) -> float:
        """The width of the operation's badge, with the wire behind it; 0 where nothing made the value."""
        return max(34, 9.5 * len(self.sign) + 16) + 16 if self.sign else 0

    @property
    def width(self) -> float:
        lines = [self.label, *self.value, *self.gradient]
        return self.badge + max(64, _LETTER * max(map(len, lines)) + 22) if self.node is not None else 0

    @property
    def height(self) -> float:
        return _LINE * (bool(self.label) + len(self.value) + len(self.gradient)) + 14 if self.node is not None else 10

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        return self.x + self.width / 2


def _boxes(nodes: list[Any]) -> list[_Box]:
    """A box for each node, parents first."""
    boxes: dict[int, _Box] = {}
    for node in nodes:
        gradient = _lines(node.grad, "grad  ") if node.grad is not None else []
        parents = [boxes[id(edge.parent)] for edge in node.edges]
        boxes[id(node)] = _Box(node, parents, node.name, _lines(node.data, "value "), gradient)
    return list(boxes.values())


def _lines(array: Any, title: str) -> list[str]:
    """A number, or a small matrix row by row; of a larger array its shape and range."""
    if array.ndim == 0:
        return [title + _short(array)]
    rows = array if array.ndim > 1 else array[None]
    if array.ndim > 2 or not array.size or rows.shape[0] > _ROWS or rows.shape[1] > _COLUMNS:
        shape = title + " × ".join(map(str, array.shape))
        return [shape, f"{_short(array.min())} … {_short(array.max())}"] if array.size else [shape]
    cells = [[_short(value) for value in row] for row in rows]
    width = max(len(cell) for row in cells for cell in row)
    lines = ["  ".join(cell.rjust(width) for cell in row) for row in cells]
    return [(title if not index else " " * len(title)) + line for index, line in enumerate(lines)]


def _short(value: Any) -> str:
    """A number in at most four digits."""
    value = float(value)
    text = "0" if abs(value) < 1e-12 else f"{value:.3g}" if abs(value) < 1 else f"{value:.4g}"
    return text.replace("-", "−")


def _alt(boxes: list[_Box]) -> str:
    """The graph in words, a line for each value."""
    names = {id(box): box.label for box in boxes}
    unnamed = [box for box in boxes if not box.label]
    names |= {id(box): f"v{number}" for number, box in enumerate(unnamed, 1)}
    lines = [f"Graph of {len(boxes)} value{'s' * (len(boxes) != 1)}:"]
    for box in boxes:
        how = f" = {_formula(box, [names[id(parent)] for parent in box.parents])}" if box.parents else ""
        said = ["; ".join(" ".join(line.split()) for line in part) for part in (box.value, box.gradient) if part]
        kind = "" if box.node.requires_grad else " (constant)"
        lines.append(f"{names[id(box)]}{how}{kind}: {', '.join(said)}")
    return "\n".join(lines)


def _formula(box: _Box, names: list[str]) -> str:
    """The operation between its two values, before or behind its one, or as a function of them."""
    if box.sign[0].isalpha():
        return f"{box.sign}({', '.join(names)})"
    if len(names) == 2:
        return f"{names[0]} {box.sign} {names[1]}"
    return f"{names[0]} {box.sign}" if box.sign.startswith("**") else f"{box.sign} {names[0]}"


# ---------------------------------------------------------------- where they stand


def _columns(boxes: list[_Box]) -> list[list[_Box]]:
    """The boxes and the bends of long arrows in columns, each from top to bottom."""
    for box in boxes:
        box.column = max((parent.column + 1 for parent in box.parents), default=0)
    children = defaultdict(list)
    for box in boxes:
        for parent in box.parents:
            children[id(parent)].append(box)
    for box in boxes:
        if not box.parents and children[id(box)]:  # a leaf stands right before its first use
            box.column = min(child.column for child in children[id(box)]) - 1
    columns: list[list[_Box]] = [[] for _ in range(max(box.column for box in boxes) + 1)]
    bends: dict[tuple[int, int], _Box] = {}
    for box in boxes:
        columns[box.column].append(box)
        box.parents = [_through(parent, box.column, columns, bends) for parent in box.parents]
    _order(columns)
    _place(columns)
    return columns


def _through(parent: _Box, column: int, columns: list[list[_Box]], bends: dict[tuple[int, int], _Box]) -> _Box:
    """The last bend on the way from a parent to a column; the parent itself where it stands right before it."""
    last = parent
    for passed in range(parent.column + 1, column):
        if (id(parent), passed) not in bends:
            bends[id(parent), passed] = _Box(parents=[last], column=passed)
            columns[passed].append(bends[id(parent), passed])
        last = bends[id(parent), passed]
    return last


def _order(columns: list[list[_Box]]) -> None:
    """Sort each column by where its neighbours stand, to and fro: few arrows cross then."""
    for sweep in range(8):
        forward = sweep % 2 == 0
        for column in columns if forward else reversed(columns):
            places = {id(box): place for other in columns for place, box in enumerate(other)}
            near: dict[int, list[int]] = defaultdict(list)
            for box in (box for other in columns for box in other):
                for parent in box.parents:
                    if forward:
                        near[id(box)].append(places[id(parent)])
                    else:
                        near[id(parent)].append(places[id(box)])
            column.sort(key=lambda box: sum(near[id(box)]) / len(near[id(box)]) if near[id(box)] else places[id(box)])


def _place(columns: list[list[_Box]]) -> None:
    """Give each box its middle: columns side by side, each centred on a common line."""
    tallest = max(_tall(column) for column in columns)
    x = 22.0
    for column in columns:
        wide = max(box.width for box in column)
        y = 22 + (tallest - _tall(column)) / 2
        for box in column:
            box.x = x + wide - box.width / 2 if box.parents else x + wide / 2
            box.y = y + box.height / 2
            y += box.height + _GAP
        x += wide + _WAY


def _tall(column: list[_Box]) -> float:
    return sum(box.height for box in column) + _GAP * (len(column) - 1)


# ---------------------------------------------------------------- the drawing


def _draw(columns: list[list[_Box]], boxes: list[_Box], alt: str) -> str:
    everything = [box for column in columns for box in column]
    width = max(box.right for box in everything) + 22
    height = max(box.y + box.height / 2 for box in everything) + 22
    sheet = Drawing(round(width), round(height))
    for box in boxes:
        for place, parent in enumerate(box.parents):
            shift = 9 * (place - (len(box.parents) - 1) / 2) if len(box.parents) < 4 else 0
            sheet.wire(*_way(parent), (box.left - 26, box.y + shift), (box.left, box.y + shift), color=FAINT_INK)
    for box in boxes:
        _draw_box(sheet, box)
    return sheet.svg("Graph of an expression", alt)


def _way(box: _Box) -> list[tuple[float, float]]:
    """The points from a parent's right side through the bends behind it."""
    points = [(box.right, box.y), (box.right + 18, box.y)]
    while box.node is None:
        (box,) = box.parents
        points = [(box.right, box.y), (box.right + 18, box.y), *points]
    return points


def _draw_box(sheet: Drawing, box: _Box) -> None:
    inner = box.width - box.badge
    x = box.right - inner / 2
    if box.badge:
        _draw_badge(sheet, box)
    leaf = box.node.requires_grad and not box.badge
    fill = PAPER if box.badge else tint(GREY, 0.12)
    sheet.box(
        x, box.y, inner, box.height, color=INK if box.node.requires_grad else GREY, line=4 if leaf else 2, fill=fill
    )
    y = box.y - box.height / 2 + 7 + 17
    for lines, color in (([box.label] if box.label else [], INK), (box.value, INK), (box.gradient, _GRADIENT)):
        for line in lines:
            bold = lines is not box.value and color == INK
            text = line.replace(" ", "\u00a0")  # SVG makes one of several spaces
            sheet.words(x - inner / 2 + 11, y, text, color=color, size=_SIZE, anchor="start", bold=bold, code=True)
            y += _LINE


def _draw_badge(sheet: Drawing, box: _Box) -> None:
    """The operation, and the wire from it to its result."""
    wide = box.badge - 16
    sheet.wire((box.left + wide, box.y), (box.left + box.badge, box.y), color=FAINT_INK, arrow=False)
    sheet.box(box.left + wide / 2, box.y, wide, 34, color=FAINT_INK, corner=17)
    size = 22 if len(box.sign) == 1 else _SIZE
    sheet.words(box.left + wide / 2, box.y + 0.35 * size, box.sign, size=size)
