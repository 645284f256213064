//! The few styles. Colour underlines what the words already say, so everything reads the same without it.

use anstyle::{AnsiColor, Reset, Style};

/// The word `error`, and what is lost.
pub const ERROR: Style = AnsiColor::Red.on_default().bold();
/// The word `warning`.
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// What went well, and what is added.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// What is changed.
pub const CHANGE: Style = AnsiColor::Yellow.on_default();
/// What is removed.
pub const REMOVE: Style = AnsiColor::Red.on_default();
/// Headings and names.
pub const STRONG: Style = Style::new().bold();
/// Places and what stands beside the thing itself.
pub const FAINT: Style = Style::new().dimmed();

/// The end of any style.
pub fn reset() -> Reset {
    Reset
}

/// `text` in a style.
pub fn paint(style: Style, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{style}{text}{style:#}") }
}
