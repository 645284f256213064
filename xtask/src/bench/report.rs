//! The figures as a table in Markdown, each beside its bar.

use std::{fmt::Write as _, time::Duration};

/// What a figure counts, which decides how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Given in seconds, shown in milliseconds or seconds.
    Time,
    /// Given in seconds: processor time.
    Cpu,
    /// Given in bytes.
    Memory,
    /// Things.
    Count,
    /// How many times as much.
    Times,
}

/// What a figure has to keep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bar {
    /// Less than this, in the figure's unit.
    Under(f64),
    /// This or less, in the figure's unit.
    AtMost(f64),
    /// At least so many times less than the CDK's.
    TimesLess(f64),
}

/// One line.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// What the figures count.
    pub unit: Unit,
    /// Skysmith's figure, and of how many runs it is the median.
    pub ours: (f64, usize),
    /// The AWS CDK's, if there is one.
    pub theirs: Option<(f64, usize)>,
    /// What Skysmith's has to keep.
    pub bar: Option<Bar>,
}

impl Row {
    /// A line without the CDK and without a bar.
    pub fn new(what: impl Into<String>, unit: Unit, figure: f64, runs: usize) -> Self {
        Self { what: what.into(), unit, ours: (figure, runs), theirs: None, bar: None }
    }

    /// A time.
    pub fn time(what: impl Into<String>, figure: Duration, runs: usize) -> Self {
        Self::new(what, Unit::Time, figure.as_secs_f64(), runs)
    }

    /// A processor time.
    pub fn cpu(what: impl Into<String>, figure: Duration, runs: usize) -> Self {
        Self::new(what, Unit::Cpu, figure.as_secs_f64(), runs)
    }

    /// The same beside the CDK's figure.
    pub fn beside(mut self, figure: Option<f64>, runs: usize) -> Self {
        self.theirs = figure.map(|figure| (figure, runs));
        self
    }

    /// The same with a bar.
    pub fn bar(mut self, bar: Bar) -> Self {
        self.bar = Some(bar);
        self
    }

    fn ratio(&self) -> Option<f64> {
        self.theirs.map(|(theirs, _)| theirs / self.ours.0)
    }

    fn is_kept(&self) -> Option<bool> {
        match self.bar? {
            Bar::Under(limit) => Some(self.ours.0 < limit),
            Bar::AtMost(limit) => Some(self.ours.0 <= limit),
            Bar::TimesLess(least) => self.ratio().map(|ratio| ratio >= least),
        }
    }

    fn cells(&self) -> [String; 6] {
        let figure = |(value, runs): (f64, usize)| match runs {
            1 => self.unit.show(value),
            _ => format!("{} ({runs})", self.unit.show(value)),
        };
        let dash = || "–".to_owned();
        let bar = match self.bar {
            Some(Bar::Under(limit)) => format!("under {}", self.unit.show(limit)),
            Some(Bar::AtMost(limit)) => format!("at most {}", self.unit.show(limit)),
            Some(Bar::TimesLess(least)) => format!("at least {least} times less"),
            None => dash(),
        };
        let verdict = self.is_kept().map_or_else(dash, |kept| if kept { "kept" } else { "**missed**" }.to_owned());
        let ratio = self.ratio().filter(|ratio| ratio.is_finite()).map_or_else(dash, |ratio| format!("{ratio:.1}"));
        [self.what.clone(), figure(self.ours), self.theirs.map_or_else(dash, figure), ratio, bar, verdict]
    }
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Time if value < 0.000_1 => format!("{:.1} µs", value * 1e6),
            Self::Time if value < 0.1 => format!("{} ms", trimmed(value * 1e3)),
            Self::Time if value < 1.0 => format!("{:.0} ms", value * 1e3),
            Self::Time => format!("{value:.2} s"),
            Self::Cpu if value < 0.1 => format!("{} CPU ms", trimmed(value * 1e3)),
            Self::Cpu => format!("{} CPU s", trimmed(value)),
            Self::Memory => format!("{} MB", trimmed(value / 1e6)),
            Self::Count => format!("{value:.0}"),
            Self::Times => format!("{} times", trimmed(value)),
        }
    }
}

/// One digit after the point, unless it is a whole number.
fn trimmed(value: f64) -> String {
    let text = if value < 10.0 { format!("{value:.2}") } else { format!("{value:.1}") };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// All lines, with notes below them.
#[derive(Debug, Default)]
pub struct Report {
    /// The lines, in order.
    pub rows: Vec<Row>,
    /// Sentences below the table.
    pub notes: Vec<String>,
}

impl Report {
    /// Adds a line.
    pub fn row(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Adds a sentence.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// The table in Markdown, its columns aligned.
    pub fn markdown(&self) -> String {
        let head = ["What", "Skysmith", "AWS CDK", "CDK ÷ Skysmith", "Bar", "Verdict"].map(str::to_owned);
        let cells: Vec<[String; 6]> = self.rows.iter().map(Row::cells).collect();
        let width = |column: usize| {
            cells.iter().chain([&head]).map(|line| line[column].chars().count()).max().unwrap_or_default()
        };
        let widths: [usize; 6] = std::array::from_fn(width);
        let mut text = String::new();
        let mut line = |cells: &[String; 6]| {
            for (cell, width) in cells.iter().zip(widths) {
                let _ = write!(text, "| {cell:<width$} ");
            }
            text.push_str("|\n");
        };
        line(&head);
        line(&widths.map(|width| "-".repeat(width)));
        cells.iter().for_each(line);
        for note in &self.notes {
            let _ = write!(text, "\n* {note}");
        }
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_bars_and_verdicts() {
        let mut report = Report::default();
        report.row(Row::time("start", Duration::from_micros(2500), 20).bar(Bar::Under(0.01)));
        report.row(Row::new("calls", Unit::Count, 41.0, 3).beside(Some(60.0), 1).bar(Bar::AtMost(40.0)));
        report.row(Row::time("wait", Duration::from_secs(1), 3).beside(Some(10.0), 3).bar(Bar::TimesLess(10.0)));
        report.row(Row::cpu("build", Duration::from_millis(24_600), 1).bar(Bar::Under(25.0)));
        report.row(Row::time("alone", Duration::from_micros(15), 3).bar(Bar::TimesLess(10.0)));
        report.note("a note");
        let text = report.markdown();
        let lines: Vec<String> =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(lines[2], "| start | 2.5 ms (20) | – | – | under 10 ms | kept |");
        assert_eq!(lines[3], "| calls | 41 (3) | 60 | 1.5 | at most 40 | **missed** |");
        assert_eq!(lines[4], "| wait | 1.00 s (3) | 10.00 s (3) | 10.0 | at least 10 times less | kept |");
        assert_eq!(lines[5], "| build | 24.6 CPU s | – | – | under 25 CPU s | kept |");
        assert_eq!(lines[6], "| alone | 15.0 µs (3) | – | – | at least 10 times less | – |");
        assert_eq!(lines[8], "* a note");
    }

    #[test]
    fn numbers_lose_no_zero_before_the_point() {
        assert_eq!(trimmed(10.0), "10");
        assert_eq!(trimmed(100.04), "100");
        assert_eq!(trimmed(0.0), "0");
        assert_eq!(trimmed(1.25), "1.25");
    }
}
