//! Columns of text, aligned with spaces.

/// The rows as lines: every column as wide as its widest cell, two spaces between columns, none at a line's end. Empty columns take no room.
///
/// Cells hold no styles: they would count as width.
pub fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, &widest) in row.iter().zip(&widths).filter(|(_, widest)| **widest > 0) {
            line.push_str(&pad(cell, widest));
            line.push_str("  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// `text` filled up with spaces.
pub fn pad(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}

/// The columns that a text takes on a terminal, as far as names of resources need it: one for each character.
pub fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligns_and_leaves_out_what_is_empty() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        assert_eq!(columns(&[row(["a", "", "x"]), row(["länger", "", "y"])]), "a       x\nlänger  y\n");
        assert_eq!(columns(&[row(["a", "b", ""])]), "a  b\n");
        assert_eq!(columns(&[]), "");
    }
}
