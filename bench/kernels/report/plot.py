"""The ratios as a bar chart in SVG: one bar a kernel, on a logarithmic scale, with each kernel's limit as a mark."""

import math
from html import escape

import limits

ROW, LEFT, WIDTH, TOP, RIGHT = 22, 170, 560, 60, 70
REACHED, MISSED, OPENCL = "#2f7d4f", "#b8402a", "#8a8a8a"
STYLE = "text{font:13px sans-serif;fill:#222}.title{font-size:15px;font-weight:bold}.grid{stroke:#ddd}.limit{stroke:#222;stroke-width:2}"


class Scale:
    """Places of ratios, from a half to what is needed."""

    def __init__(self, largest):
        self.low, self.high = math.log(0.5), math.log(max(4.0, largest * 1.1))

    def __call__(self, ratio):
        share = (math.log(max(ratio, 0.5)) - self.low) / (self.high - self.low)
        return LEFT + WIDTH * share

    def ticks(self):
        steps = (s * 10**e for e in range(-1, 6) for s in (1, 2, 5))
        return [step for step in steps if self.low <= math.log(step) <= self.high]


def grid(scale, bottom):
    for tick in scale.ticks():
        x = scale(tick)
        yield f'<line class="grid" x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{bottom}"/>'
        yield f'<text x="{x:.1f}" y="{TOP - 12}" text-anchor="middle">{tick:g}</text>'


def bar(scale, row, y):
    end, limit = scale(row["ratio"]), limits.kernel_limit(row)
    colour = REACHED if row["ratio"] <= limit else MISSED
    yield f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(row["name"])}</text>'
    yield f'<rect x="{LEFT}" y="{y + 3}" width="{end - LEFT:.1f}" height="{ROW - 8}" fill="{colour}"/>'
    yield f'<text x="{end + 5:.1f}" y="{y + 14}">{row["ratio"]:.2f}</text>'
    yield f'<line class="limit" x1="{scale(limit):.1f}" y1="{y + 1}" x2="{scale(limit):.1f}" y2="{y + ROW - 3}"/>'
    if "opencl_ms" in row:
        yield f'<circle cx="{scale(row["opencl_ms"] / row["reference_ms"]):.1f}" cy="{y + 10}" r="4" fill="{OPENCL}"/>'


def svg(report):
    rows = limits.timed(report)
    opencl = [row["opencl_ms"] / row["reference_ms"] for row in rows if "opencl_ms" in row]
    scale = Scale(max([row["ratio"] for row in rows] + opencl))
    bottom = TOP + ROW * len(rows)
    mean = limits.geometric_mean([row["ratio"] for row in rows])
    title = f"Time of CUDA kernels / time of solutions by hand; geometric mean {mean:.2f}"
    legend = "mark: limit" + ("; dot: PoCL" if opencl else "")
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" height="{bottom + 30}">',
             f"<style>{STYLE}</style>", '<rect width="100%" height="100%" fill="white"/>',
             f'<text class="title" x="12" y="22">{escape(title)}</text>', *grid(scale, bottom)]
    for place, row in enumerate(rows):
        lines += bar(scale, row, TOP + ROW * place)
    lines += [f'<text x="12" y="{bottom + 20}">{escape(report["machine"]["cpu"])}, engine {escape(report["machine"]["engine"])}; {legend}</text>', "</svg>"]
    return "\n".join(lines) + "\n"
