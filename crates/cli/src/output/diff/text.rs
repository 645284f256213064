//! A difference as text of a given width. Styles are always in it; the streams take them out where they are not wanted.

use super::document::{Alert, Cell, Content, Document, Item, Mark, Row, Section};
use super::values;
use crate::live::fit;
use crate::output::style;

/// Where there is no terminal there is room for all but what nobody reads.
pub const WIDE: usize = 160;
/// Below this two values next to each other say too little.
const LEAST_VALUE: usize = 14;
/// Below this a text goes to lines of its own.
const LEAST_TEXT: usize = 24;
/// Lines of one text.
const MOST_LINES: usize = 8;
/// A column is no wider for one long entry.
const WIDEST: usize = 48;

/// The whole of it, ending with a line break.
pub fn render(document: &Document, width: usize) -> String {
    let mut text = headline(document, width);
    text.push_str(&sections(&document.sections, width));
    text
}

fn headline(document: &Document, width: usize) -> String {
    let (title, verdict) = (&document.title, &document.verdict);
    let together = fit::width(title) + 3 + fit::width(verdict) <= width;
    let between = if together { "   " } else { "\n  " };
    format!("{}{between}{verdict}\n", style::paint(style::STRONG, title))
}

/// All below the headline.
pub fn sections(sections: &[Section], width: usize) -> String {
    let mut text = String::new();
    for section in sections {
        text.push('\n');
        if !section.title.is_empty() {
            text.push_str(&style::paint(style::STRONG, &section.title));
            text.push('\n');
        }
        items(&section.items, 2, width, &mut text);
    }
    text
}

/// The items of a section, as deep as `indent`.
pub fn items(all: &[Item], indent: usize, width: usize, text: &mut String) {
    let mut index = 0;
    while index < all.len() {
        match &all[index] {
            // What follows each other is aligned.
            Item::Row(_) => {
                let rows: Vec<&Row> = all[index..].iter().map_while(Item::as_row).collect();
                index += rows.len();
                table(&rows, indent, width, text);
                continue;
            }
            Item::Alert(_) => {
                let run: Vec<&Alert> = all[index..].iter().map_while(Item::as_alert).collect();
                index += run.len();
                alerts(&run, width, text);
                continue;
            }
            Item::Note(note) => {
                for line in fit::lines(note, width.saturating_sub(indent)) {
                    text.push_str(&format!("{}{line}\n", " ".repeat(indent)));
                }
            }
            Item::Lines(lines) => {
                for (mark, line) in lines {
                    let room = width.saturating_sub(indent + 2).max(20);
                    let line = fit::end(&line.replace('\t', "    "), room);
                    let said = format!("{} {line}", mark.sign());
                    let said = style::paint(mark.tone().style(), said.trim_end());
                    text.push_str(&format!("{}{said}\n", " ".repeat(indent)));
                }
            }
        }
        index += 1;
    }
}

/// `! DATA LOSS  …`, all of them aligned, those of several lines apart from each other.
fn alerts(all: &[&Alert], width: usize, text: &mut String) {
    let longest = all.iter().map(|alert| fit::width(alert.word)).max().unwrap_or(0);
    let indent = 2 + longest + 2;
    let room = width.saturating_sub(indent).max(LEAST_TEXT);
    for (index, alert) in all.iter().enumerate() {
        let is_long = |alert: &Alert| alert.lines.len() + alert.steps.len() > 1;
        if index > 0 && (is_long(alert) || is_long(all[index - 1])) {
            text.push('\n');
        }
        let mut lines: Vec<String> = alert.lines.iter().flat_map(|line| fit::lines(line, room)).collect();
        let labels = alert.steps.iter().map(|(label, _)| fit::width(label)).max().unwrap_or(0);
        for (label, step) in &alert.steps {
            let label = format!("{}{}:", " ".repeat(labels - fit::width(label)), style::paint(style::STRONG, label));
            for (index, part) in
                fit::lines(step, room.saturating_sub(labels + 2).max(LEAST_TEXT)).into_iter().enumerate()
            {
                lines.push(if index == 0 { format!("{label} {part}") } else { " ".repeat(labels + 2) + &part });
            }
        }
        let head = fit::pad(&format!("! {}", alert.word), indent - 2);
        for (index, line) in lines.iter().enumerate() {
            let head = if index == 0 { style::paint(alert.tone.style(), &head) } else { " ".repeat(indent - 2) };
            text.push_str(&format!("{head}  {line}\n"));
        }
    }
}

fn natural(cell: &Cell) -> usize {
    match &cell.content {
        Content::Text(text) | Content::Path(text) | Content::Aside(text) => fit::width(text),
        // What differs is no column: what comes after it follows where it ends.
        Content::Change(..) => 0,
    }
}

fn table(rows: &[&Row], indent: usize, width: usize, text: &mut String) {
    let has_marks = rows.iter().any(|row| row.mark != Mark::None);
    let at = indent + if has_marks { 2 } else { 0 };
    let columns = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    // A row's last cell does not make the column wider for others.
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = rows.iter().filter(|row| column + 1 < row.cells.len());
            let most = if column == 0 { WIDEST.min(width * 2 / 5) } else { WIDEST };
            cells.filter_map(|row| row.cells.get(column)).map(natural).max().unwrap_or(0).min(most)
        })
        .collect();
    for row in rows {
        let mut line = " ".repeat(indent);
        if has_marks {
            line.push_str(&style::paint(row.mark.tone().style(), row.mark.sign()));
            line.push(' ');
        }
        let below = cells(row, &widths, at, width, &mut line);
        text.push_str(line.trim_end());
        text.push('\n');
        text.push_str(&below);
        items(&row.inside, at + if has_marks { 2 } else { 4 }, width, text);
    }
}

/// `before → after`, with the colours of what goes and what comes on the words that differ.
fn underlined(before: &str, after: &str) -> String {
    let ([head, old, tail], [_, new, _]) = values::differing(before, after);
    let (old, new) = (style::paint(Mark::Remove.tone().style(), old), style::paint(Mark::Add.tone().style(), new));
    format!("{head}{old}{tail} → {head}{new}{tail}  ")
}

/// Adds the cells to the line; what does not fit into it comes back as lines below.
fn cells(row: &Row, widths: &[usize], start: usize, width: usize, line: &mut String) -> String {
    let mut below = String::new();
    let mut used = start;
    for (column, cell) in row.cells.iter().enumerate() {
        let rest = &row.cells[column + 1..];
        let column_width = widths[column];
        let paint = |text: &str| style::paint(cell.tone.style(), text);
        match &cell.content {
            Content::Change(before, after) => {
                let after_it: usize = rest.iter().map(|cell| natural(cell) + 2).sum();
                let room = width.saturating_sub(used + after_it + 3);
                let both = fit::width(before) + fit::width(after);
                if both <= room {
                    line.push_str(&underlined(before, after));
                    used += both + 5;
                } else if room / 2 >= LEAST_VALUE.max(both / 8) {
                    let (before, after) = values::elided(before, after, room / 2);
                    used += fit::width(&before) + fit::width(&after) + 5;
                    line.push_str(&underlined(&before, &after));
                } else {
                    let room = width.saturating_sub(start + 4).max(LEAST_VALUE);
                    let (before, after) = values::elided(before, after, room);
                    for (mark, value) in [(Mark::Remove, before), (Mark::Add, after)] {
                        let said = style::paint(mark.tone().style(), &format!("{} {value}", mark.sign()));
                        below.push_str(&format!("{}{said}\n", " ".repeat(start + 2)));
                    }
                }
            }
            Content::Aside(aside) => {
                if !aside.is_empty() && used + fit::width(aside) < width {
                    line.push_str(&paint(aside));
                    line.push_str("  ");
                    used += fit::width(aside) + 2;
                }
            }
            Content::Text(said) | Content::Path(said) => {
                if column_width == 0 && said.is_empty() {
                    continue;
                }
                let is_path = matches!(cell.content, Content::Path(_));
                let room = width.saturating_sub(used);
                // A column that is wider than the others goes over its edge rather than losing its end, and so does the last one but for what may be left out.
                let is_last = rest.iter().all(is_empty);
                let said =
                    if is_path { fit::path(said, if is_last { room } else { column_width }) } else { said.clone() };
                if fit::width(&said) > room && !is_path {
                    // In full, in lines below each other; where there is no room beside what comes before, all of them below that.
                    let (at, is_beside) = if room < LEAST_TEXT { (start + 4, false) } else { (used, true) };
                    let room = width.saturating_sub(at).max(LEAST_TEXT);
                    for (index, part) in fit::wrap(&said, room, MOST_LINES).iter().enumerate() {
                        if index == 0 && is_beside {
                            line.push_str(&paint(part));
                        } else {
                            below.push_str(&format!("{}{}\n", " ".repeat(at), paint(part)));
                        }
                    }
                    used = width;
                    continue;
                }
                let pad = if is_last { 0 } else { column_width.saturating_sub(fit::width(&said)) };
                used += fit::width(&said) + pad + 2;
                line.push_str(&format!("{}{}  ", paint(&said), " ".repeat(pad)));
            }
        }
    }
    below
}

/// Whether a cell takes no room.
fn is_empty(cell: &Cell) -> bool {
    natural(cell) == 0 && !matches!(cell.content, Content::Change(..))
}
