//! The growth of each cost as a picture: one panel a figure, both axes logarithmic, two lines. Colours follow the
//! reader's light or dark scheme.

use super::Figures;
use std::fmt::Write as _;

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 210.0;
const COLUMNS: usize = 3;

/// A panel: title, unit, and the figure as a cost.
type Panel = (&'static str, &'static str, fn(&Figures) -> f64);

const PANELS: [Panel; 5] = [
    ("cached read", "ns", |f| 1e9 / f.read),
    ("set + notify", "ns", |f| 1e9 / f.set),
    ("invalidation of all", "ns", |f| 1e9 * f.invalidate),
    ("notification", "ns", |f| 1e9 / f.notify),
    ("memory an entry", "bytes", |f| f.bytes),
];

const STYLE: &str = "<style>
svg{font:12px system-ui,sans-serif;fill:#1f2328}
.grid{stroke:#d0d7de;stroke-width:1;fill:none}.title{font-weight:600}
.ours{stroke:#0a7d4b;fill:none;stroke-width:2.5}.theirs{stroke:#b4500b;fill:none;stroke-width:2.5;stroke-dasharray:6 4}
.ours-dot{fill:#0a7d4b}.theirs-dot{fill:#b4500b}
@media (prefers-color-scheme:dark){svg{fill:#e6edf3}.grid{stroke:#3d444d}
.ours{stroke:#4cc38a}.ours-dot{fill:#4cc38a}.theirs{stroke:#f0883e}.theirs-dot{fill:#f0883e}}
</style>";

/// Draws ours and the peer's figures, one pair for each size.
pub(super) fn draw(lines: &[(Figures, Figures)]) -> String {
    let rows = PANELS.len().div_ceil(COLUMNS);
    let (width, height) = (WIDTH * COLUMNS as f64, HEIGHT * rows as f64);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"Cost of each operation of the cache from 1,000 to 1,000,000 entries\">{STYLE}"
    );
    for (number, panel) in PANELS.iter().enumerate() {
        let (x, y) = ((number % COLUMNS) as f64 * WIDTH, (number / COLUMNS) as f64 * HEIGHT);
        let _ = write!(svg, "<g transform=\"translate({x} {y})\">{}</g>", draw_panel(panel, lines));
    }
    // The legend takes the place of the panel that is missing in the last row.
    let (x, y) = (WIDTH * 2.0 + 60.0, HEIGHT * (rows as f64 - 1.0) + 80.0);
    let _ = writeln!(
        svg,
        "<g transform=\"translate({x} {y})\"><path class=\"ours\" d=\"M0 0h40\"/><text x=\"50\" y=\"4\">inkhorn-server-state</text>\
         <path class=\"theirs\" d=\"M0 26h40\"/><text x=\"50\" y=\"30\">@tanstack/query-core 5</text>\
         <text x=\"0\" y=\"62\">across: entries in the cache</text></g></svg>"
    );
    svg
}

fn draw_panel((title, unit, cost): &Panel, lines: &[(Figures, Figures)]) -> String {
    let (left, right, top, bottom) = (62.0, WIDTH - 16.0, 34.0, HEIGHT - 30.0);
    let costs = || lines.iter().flat_map(|(ours, theirs)| [cost(ours), cost(theirs)]);
    let low = costs().fold(f64::INFINITY, f64::min).max(1e-3).log10().floor();
    let high = costs().fold(0.0, f64::max).max(1e-3).log10().ceil().max(low + 1.0);
    let entries = |figures: &Figures| (figures.entries as f64).log10();
    let first = lines.first().map_or(3.0, |(ours, _)| entries(ours));
    let last = lines.last().map_or(6.0, |(ours, _)| entries(ours)).max(first + 1.0);
    let x = |at: f64| left + (at - first) / (last - first) * (right - left);
    let y = |at: f64| bottom - (at.max(1e-3).log10() - low) / (high - low) * (bottom - top);
    let mut out = format!("<text class=\"title\" x=\"{left}\" y=\"18\">{title}, {unit}</text>");
    let mut power = low;
    while power <= high {
        let at = y(10f64.powf(power));
        let shown = short(10f64.powf(power));
        let _ = write!(
            out,
            "<path class=\"grid\" d=\"M{left} {at:.1}H{right}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{shown}</text>",
            left - 6.0,
            at + 4.0
        );
        power += 1.0;
    }
    for (ours, _) in lines {
        let at = x(entries(ours));
        let shown = short(ours.entries as f64);
        let _ =
            write!(out, "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{shown}</text>", HEIGHT - 12.0);
    }
    for (class, pick) in [("theirs", 1), ("ours", 0)] {
        let points: Vec<(f64, f64)> = lines
            .iter()
            .map(|(ours, theirs)| if pick == 0 { ours } else { theirs })
            .map(|figures| (x(entries(figures)), y(cost(figures))))
            .collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        let _ = write!(out, "<path class=\"{class}\" d=\"M{}\"/>", path.join("L"));
        for (x, y) in points {
            let _ = write!(out, "<circle class=\"{class}-dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"/>");
        }
    }
    out
}

/// 1000 as 1k, a million as 1M.
fn short(value: f64) -> String {
    match value {
        v if v >= 1e9 => format!("{}G", v / 1e9),
        v if v >= 1e6 => format!("{}M", v / 1e6),
        v if v >= 1e3 => format!("{}k", v / 1e3),
        v => format!("{v}"),
    }
}
