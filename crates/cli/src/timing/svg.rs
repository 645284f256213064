//! The chart as SVG: one file without anything outside of it, that fits light and dark surroundings and tells nothing by colour alone.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use super::{How, Row, Timeline};
use crate::live::fit;
use crate::output::words;

const WIDTH: f64 = 1000.0;
const MARGIN: f64 = 24.0;
const LINE: f64 = 22.0;
const BAR: f64 = 12.0;
/// Above the rows of a stack: its title, what became of it, a gap.
const HEAD: f64 = 66.0;
/// What a character takes on average, at the size of names.
const CHARACTER: f64 = 7.3;
/// Between a bar and how long it took.
const AFTER: f64 = 6.0;
const INDENT: f64 = 14.0;
/// Names and kinds that are longer lose their middle or end.
const WIDEST: (usize, usize) = (46, 24);
/// Lines of the grid at most.
const TICKS: f64 = 11.0;
const STEPS: [f64; 14] = [0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0];

/// Without variables, which not every viewer of SVG knows.
const STYLE: &str = "\
text{font:12px ui-sans-serif,system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:#1f2328}
.on{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}.ground{fill:#fff}text.title{font-size:16px;font-weight:600}text.strong{font-weight:600}text.faint{fill:#636c76}text.bad{fill:#d1242f}
.grid{stroke:#e3e7eb}.turn{stroke:#d1242f;stroke-dasharray:4 3}.calm{stroke:#636c76;stroke-dasharray:4 3}.chain{stroke:#1f2328;stroke-width:1.5;fill:none}
.made{fill:#3b82c4}.changed{fill:#c58a12}.gone{fill:#9aa4ae}.failed{fill:#d1242f}.left{fill:none;stroke:#9aa4ae}.open{fill:#3b82c4;opacity:.45}
.critical{stroke:#1f2328;stroke-width:1.5}
@media(prefers-color-scheme:dark){
text{fill:#e6edf3}.on{stroke:#0d1117}.ground{fill:#0d1117}text.faint{fill:#9198a1}text.bad{fill:#ff6a61}
.grid{stroke:#262c35}.turn{stroke:#ff6a61}.calm{stroke:#9198a1}
.made,.open{fill:#4f9be0}.changed{fill:#d6a029}.gone{fill:#6e7681}.failed{fill:#f85149}.left{stroke:#6e7681}.chain,.critical{stroke:#e6edf3}
}
";

/// The operations in one chart, on one axis.
pub fn draw(lines: &[Timeline]) -> String {
    let start = lines.iter().map(|line| line.start).min().unwrap_or(SystemTime::UNIX_EPOCH);
    let all = lines.iter().map(|line| since(start, line.end)).fold(0.0, f64::max);
    let rows = || lines.iter().flat_map(|line| &line.rows);
    let widest = |width: &dyn Fn(&Row) -> f64| rows().map(width).fold(0.0, f64::max);
    let kinds = MARGIN + widest(&|row| indent(row) + text_width(&name(row))) + 16.0;
    let plot = kinds + widest(&|row| text_width(&kind(row))) + 16.0;
    // As wide as it can be with what stands right of the bars.
    let room = |end: SystemTime, label: f64| (WIDTH - MARGIN - plot - label) / since(start, end).max(0.1);
    let ends = lines
        .iter()
        .map(|line| room(line.end, AFTER))
        .chain(rows().map(|row| room(row.end(), AFTER + text_width(&durations(row)))));
    let canvas = Canvas { start, kinds, plot, scale: ends.fold(f64::MAX, f64::min), all };
    let mut svg = String::new();
    let mut top = MARGIN;
    for line in lines {
        canvas.stack(&mut svg, line, top);
        top += HEAD + LINE * line.rows.len() as f64 + 52.0;
    }
    legend(&mut svg, lines, top);
    let height = top + 18.0;
    let label: Vec<&str> = lines.iter().map(|line| line.title.as_str()).collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\" \
         aria-label=\"{}\">\n<style>\n{STYLE}</style>\n<rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\"/>\n{svg}</svg>\n",
        escaped(&format!("Where the time went: {}", label.join(", ")))
    )
}

struct Canvas {
    /// When the first operation began.
    start: SystemTime,
    /// Where the kinds are, and where the bars begin.
    kinds: f64,
    plot: f64,
    /// Pixels for a second.
    scale: f64,
    all: f64,
}

impl Canvas {
    fn x(&self, time: SystemTime) -> f64 {
        self.plot + since(self.start, time) * self.scale
    }

    fn stack(&self, svg: &mut String, line: &Timeline, top: f64) {
        text(svg, MARGIN, top + 14.0, "title", &line.title);
        let took = line.end.duration_since(line.start).unwrap_or_default();
        let verdict = if line.failed { "failed after" } else { "done in" };
        let count = line.rows.len();
        let mut said = format!(
            "{verdict} {} · {count} {}",
            words::seconds(took),
            if count == 1 { "resource" } else { "resources" }
        );
        let longest = line
            .rows
            .iter()
            .filter(|row| row.depth == 0)
            .max_by_key(|row| (took_of(row), std::cmp::Reverse(&row.name)));
        if let Some(longest) = longest.filter(|_| count > 1) {
            let _ = write!(said, " · longest: {}, {}", longest.name, tenths(took_of(longest)));
        }
        let _ = write!(said, " · {} UTC", words::clock(line.start));
        text(svg, MARGIN, top + 36.0, if line.failed { "bad" } else { "faint" }, &said);
        let first = top + HEAD;
        let bottom = first + LINE * line.rows.len() as f64;
        self.axis(svg, first - 4.0, bottom + 4.0);
        if let Some((time, what)) = line.turn {
            let x = self.x(time);
            let (class, color) = if line.failed { ("turn", "bad") } else { ("calm", "faint") };
            let _ = writeln!(
                svg,
                "<line class=\"{class}\" x1=\"{0}\" x2=\"{0}\" y1=\"{1}\" y2=\"{2}\"/>",
                px(x),
                px(first - 4.0),
                px(bottom + 4.0)
            );
            text(svg, x + 4.0, first - 8.0, color, what);
        }
        // Who waited for whom, below the bars.
        let mut chain: Vec<(usize, &Row)> = line.rows.iter().enumerate().filter(|(_, row)| row.critical).collect();
        chain.sort_by_key(|(_, row)| row.spans[0].start);
        for pair in chain.windows(2) {
            let ((from, before), (to, after)) = (pair[0], pair[1]);
            let x = self.x(before.spans[0].end).max(self.plot + 1.0);
            let to_x = self.x(after.spans[0].start).max(x);
            let (from_y, to_y) = (first + LINE * from as f64 + LINE / 2.0, first + LINE * to as f64 + LINE / 2.0);
            let _ = writeln!(svg, "<path class=\"chain\" d=\"M{} {}V{}H{}\"/>", px(x), px(from_y), px(to_y), px(to_x));
        }
        for (index, row) in line.rows.iter().enumerate() {
            self.row(svg, row, first + LINE * index as f64, line.start);
        }
    }

    fn axis(&self, svg: &mut String, top: f64, bottom: f64) {
        let step = STEPS.into_iter().find(|step| self.all / step <= TICKS).unwrap_or(7200.0);
        for tick in 0..=(self.all / step) as usize {
            let seconds = tick as f64 * step;
            let x = self.plot + seconds * self.scale;
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{0}\" x2=\"{0}\" y1=\"{1}\" y2=\"{2}\"/>",
                px(x),
                px(top),
                px(bottom)
            );
            let label = if step < 1.0 { format!("{seconds:.1} s") } else { format!("{seconds} s") };
            let _ = writeln!(
                svg,
                "<text class=\"faint\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{label}</text>",
                px(x),
                px(bottom + 14.0)
            );
        }
    }

    fn row(&self, svg: &mut String, row: &Row, top: f64, start: SystemTime) {
        let base = top + LINE / 2.0 + 4.0;
        let told: Vec<String> = row
            .spans
            .iter()
            .map(|span| {
                format!("{} from {:.1} s to {:.1} s", word(span.how), since(start, span.start), since(start, span.end))
            })
            .collect();
        let _ = writeln!(
            svg,
            "<g><title>{}</title>",
            escaped(&format!("{} ({}): {}", row.name, row.kind, told.join(", ")))
        );
        text(svg, MARGIN + indent(row), base, if row.critical { "strong" } else { "" }, &name(row));
        text(svg, self.kinds, base, "faint", &kind(row));
        for span in &row.spans {
            let (x, end) = (self.x(span.start), self.x(span.end));
            let critical = if row.critical && span == &row.spans[0] { " critical" } else { "" };
            let _ = writeln!(
                svg,
                "<rect class=\"{}{critical}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{BAR}\" rx=\"2\"/>",
                class(span.how),
                px(x),
                px(top + (LINE - BAR) / 2.0),
                px((end - x).max(2.0))
            );
        }
        let failed = row.spans.iter().any(|span| span.how == How::Failed);
        let class = if failed { "on bad" } else { "on faint" };
        text(svg, self.x(row.end()) + AFTER, base, class, &durations(row));
        svg.push_str("</g>\n");
    }
}

/// `6.1 s`, `failed after 2.0 s, tried again: 3.0 s`, `6.1 s, deleted in 1.0 s`.
fn durations(row: &Row) -> String {
    let mut parts = Vec::new();
    for (index, span) in row.spans.iter().enumerate() {
        let took = tenths(span.end.duration_since(span.start).unwrap_or_default());
        let again = index > 0 && row.spans[index - 1].how == How::Failed;
        parts.push(match span.how {
            How::Failed => format!("failed after {took}"),
            How::Cancelled | How::Kept => word(span.how).to_owned(),
            How::Open => format!("{took}, not over"),
            How::Deleted if index > 0 => format!("deleted in {took}"),
            _ if again => format!("again {took}"),
            _ => took,
        });
    }
    parts.join(", ")
}

fn legend(svg: &mut String, lines: &[Timeline], top: f64) {
    let rows = || lines.iter().flat_map(|line| &line.rows);
    let mut used: Vec<How> = rows().flat_map(|row| &row.spans).map(|span| span.how).collect();
    used.sort_unstable();
    used.dedup();
    let mut x = MARGIN;
    let mut entry = |class: &str, word: &str| {
        let _ = writeln!(
            svg,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"18\" height=\"{BAR}\" rx=\"2\"/>",
            px(x),
            px(top - 10.0)
        );
        text(svg, x + 24.0, top, "faint", word);
        x += 24.0 + text_width(word) + 20.0;
    };
    for how in used {
        entry(class(how), word(how));
    }
    if rows().any(|row| row.critical) {
        entry(
            "left critical",
            "the chain that the end waited for: what makes one of these faster makes all of it faster",
        );
    }
}

fn class(how: How) -> &'static str {
    match how {
        How::Created => "made",
        How::Changed => "changed",
        How::Deleted => "gone",
        How::Failed => "failed",
        How::Cancelled | How::Kept => "left",
        How::Open => "open",
    }
}

fn word(how: How) -> &'static str {
    match how {
        How::Created => "created",
        How::Changed => "changed",
        How::Deleted => "deleted",
        How::Failed => "failed",
        How::Cancelled => "cancelled",
        How::Kept => "kept",
        How::Open => "not over",
    }
}

fn took_of(row: &Row) -> Duration {
    row.spans.iter().map(|span| span.end.duration_since(span.start).unwrap_or_default()).max().unwrap_or_default()
}

fn name(row: &Row) -> String {
    fit::path(&row.shown, WIDEST.0)
}

fn kind(row: &Row) -> String {
    fit::end(&row.kind, WIDEST.1)
}

fn indent(row: &Row) -> f64 {
    row.depth as f64 * INDENT
}

fn text_width(text: &str) -> f64 {
    fit::width(text) as f64 * CHARACTER
}

fn tenths(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn since(start: SystemTime, time: SystemTime) -> f64 {
    time.duration_since(start).unwrap_or_default().as_secs_f64()
}

/// No more digits than anybody sees.
fn px(value: f64) -> String {
    format!("{value:.1}")
}

fn text(svg: &mut String, x: f64, y: f64, class: &str, words: &str) {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    let _ = writeln!(svg, "<text{class} x=\"{}\" y=\"{}\">{}</text>", px(x), px(y), escaped(words));
}

/// As XML takes it; control characters, which it takes in no form, are left out.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            control if control.is_control() => {}
            other => safe.push(other),
        }
    }
    safe
}
