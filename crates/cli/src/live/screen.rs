//! Frames on a terminal: each one is drawn over the one before, in one write, and is gone without a trace when it is taken off.
//!
//! The cursor is never hidden and no mode of the terminal is changed for longer than a write, so that nothing has to be restored, however the process ends.

use std::io::{self, Write};

/// What a terminal that knows synchronized output draws at once; others pass over it.
const BEGIN: &str = "\x1b[?2026h";
const END: &str = "\x1b[?2026l";

/// Where frames are drawn.
#[derive(Debug)]
pub struct Screen<W> {
    out: W,
    /// The lines that are drawn, without styles' widths: their columns.
    drawn: Vec<usize>,
    shown: Vec<String>,
    columns: usize,
}

impl<W: Write> Screen<W> {
    pub fn new(out: W) -> Self {
        Self { out, drawn: Vec::new(), shown: Vec::new(), columns: 0 }
    }

    /// Draws the lines, none of which is wider than `columns`, in the place of those before.
    pub fn draw(&mut self, lines: Vec<String>, columns: usize) -> io::Result<()> {
        if lines == self.shown && columns == self.columns {
            return Ok(());
        }
        let mut text = String::from(BEGIN);
        text.push_str(&self.to_the_top(columns));
        // A terminal that became narrower has broken lines, of which more would be left than are overwritten.
        if columns < self.columns {
            text.push_str("\x1b[J");
        }
        for line in &lines {
            text.push_str(line);
            text.push_str("\x1b[K\r\n");
        }
        text.push_str("\x1b[J");
        text.push_str(END);
        self.drawn =
            lines.iter().map(|line| super::fit::width(&anstream::adapter::strip_str(line).to_string())).collect();
        self.shown = lines;
        self.columns = columns;
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Takes off what is drawn.
    pub fn clear(&mut self, columns: usize) -> io::Result<()> {
        if self.shown.is_empty() {
            return Ok(());
        }
        let text = format!("{}\x1b[J", self.to_the_top(columns));
        self.shown.clear();
        self.drawn.clear();
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Back to the first line, which is higher up than there are lines if the terminal had to break them.
    fn to_the_top(&self, columns: usize) -> String {
        let rows: usize = self.drawn.iter().map(|&width| width.div_ceil(columns.max(1)).max(1)).sum();
        if rows == 0 { "\r".to_owned() } else { format!("\r\x1b[{rows}A") }
    }

    /// What is written to.
    pub fn out(&mut self) -> &mut W {
        &mut self.out
    }
}
