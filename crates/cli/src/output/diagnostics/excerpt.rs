//! Lines of source files, and marks under what is meant in them.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anstyle::Style;
use skysmith_assembly::SourcePlace;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// What stands before a line of source.
const MARGIN: &str = "  │    ";
/// The widest excerpt where no terminal sets a limit.
const WIDEST: usize = 160;
/// How much of the line is shown before what is meant, where not all of it fits.
const BEFORE: usize = 16;

/// The folders in which the files of source places are looked for.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    folders: Vec<PathBuf>,
}

/// The text of the files that were looked at, and of those that are not there nothing.
pub type Files = BTreeMap<String, Option<String>>;

impl Sources {
    /// Looks in these folders, in this order.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders }
    }

    /// The text of one line without the space around it, read for itself.
    pub fn source_line(&self, place: &SourcePlace) -> Option<String> {
        let files = &mut Files::new();
        let line = self.line(place, files)?.trim();
        (!line.is_empty()).then(|| line.chars().take(WIDEST).collect())
    }

    /// The file as others know it: from the root of the repository on, which GitHub names, else from the current folder on.
    pub fn in_repository(&self, file: &str) -> String {
        let found = self.folders.iter().map(|folder| folder.join(file)).find(|path| path.is_file());
        let Some(path) = found.and_then(|path| path.canonicalize().ok()) else { return file.to_owned() };
        let roots = [env::var_os("GITHUB_WORKSPACE").map(PathBuf::from), env::current_dir().ok()];
        let below = roots.into_iter().flatten().filter_map(|root| root.canonicalize().ok()).find_map(|root| {
            let below = path.strip_prefix(&root).ok()?;
            Some(below.display().to_string())
        });
        below.unwrap_or_else(|| path.display().to_string()).replace('\\', "/")
    }

    /// The text of one line. `None` where the file is not here, or has fewer lines.
    fn line<'f>(&self, place: &SourcePlace, files: &'f mut Files) -> Option<&'f str> {
        let text = files.entry(place.file.clone()).or_insert_with(|| {
            let here = |path: &Path| fs::read_to_string(path).ok();
            self.folders.iter().find_map(|folder| here(&folder.join(&place.file)))
        });
        let text = text.as_ref()?;
        text.trim_start_matches('\u{feff}').lines().nth(place.line.checked_sub(1)? as usize)
    }

    /// The line, and below it marks under what is meant; in at most `width` columns. Nothing where the line is not known.
    pub fn excerpt(&self, place: &SourcePlace, style: Style, width: Option<usize>, files: &mut Files) -> String {
        let Some(line) = self.line(place, files).filter(|line| !line.trim().is_empty()) else { return String::new() };
        let room = width.map_or(WIDEST, |width| width.saturating_sub(MARGIN.width()).clamp(BEFORE + 4, WIDEST));
        let shown = Shown::new(line, marked(line, place), room);
        let mut text = format!("{MARGIN}{}\n", shown.line);
        if let Some((before, marks)) = shown.marks {
            text.push_str(&format!("{MARGIN}{}{style}{}{style:#}\n", " ".repeat(before), "^".repeat(marks)));
        }
        text
    }
}

/// The characters of the line that are meant, from the first to behind the last.
fn marked(line: &str, place: &SourcePlace) -> Option<(usize, usize)> {
    let first = (place.column?.checked_sub(1)?) as usize;
    let rest: Vec<char> = line.chars().skip(first).collect();
    if rest.is_empty() {
        return None;
    }
    let length = match place.length {
        Some(length) => (length as usize).min(rest.len()),
        None => call(&rest),
    };
    Some((first, first + length.max(1)))
}

/// How long the call is that starts here: its path, and what it is given if that ends in this line.
fn call(text: &[char]) -> usize {
    let name = text.iter().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '!' | '&')).count();
    if text.get(name) != Some(&'(') {
        return name;
    }
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut escaped = false;
    for (index, c) in text.iter().enumerate().skip(name) {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            '(' if !in_text => depth += 1,
            ')' if !in_text => {
                depth -= 1;
                if depth == 0 {
                    return index + 1;
                }
            }
            _ => {}
        }
    }
    name
}

/// A line as it is shown: without the space before it, and what does not fit cut away on both sides of what is meant.
struct Shown {
    line: String,
    /// How many columns stand before the marks, and how many marks there are.
    marks: Option<(usize, usize)>,
}

impl Shown {
    fn new(line: &str, marked: Option<(usize, usize)>, room: usize) -> Self {
        let all: Vec<char> = line.trim_end().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let indent = all.iter().take_while(|c| c.is_whitespace()).count();
        let wide = |from: usize, to: usize| -> usize { all[from..to].iter().map(|c| c.width().unwrap_or(0)).sum() };
        let marked = marked.map(|(first, last)| (first.min(all.len()), last.min(all.len())));
        let mut from = indent.min(marked.map_or(indent, |(first, _)| first));
        let mut to = all.len();
        if wide(from, to) > room {
            if let Some((first, last)) = marked
                && wide(from, last) > room
            {
                // What is meant comes first, with a little of what stands before it.
                from = first.saturating_sub(BEFORE).max(from);
            }
            let mut left = room.saturating_sub(usize::from(from > indent) + 1);
            to = from;
            for c in &all[from..] {
                let Some(rest) = left.checked_sub(c.width().unwrap_or(0)) else { break };
                left = rest;
                to += 1;
            }
        }
        let cut = from > indent;
        let mut text: String = all[from..to].iter().collect();
        if cut {
            text.insert(0, '…');
        }
        if to < all.len() {
            text.push('…');
        }
        let marks = marked.map(|(first, last)| {
            let (first, last) = (first.clamp(from, to), last.clamp(from, to));
            (wide(from, first) + usize::from(cut), wide(first, last).max(1))
        });
        Self { line: text, marks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str, column: u32, length: Option<u32>, room: usize) -> String {
        let place = SourcePlace { column: Some(column), length, ..SourcePlace::line("x", 1) };
        let shown = Shown::new(line, marked(line, &place), room);
        assert!(shown.line.width() <= room, "{}", shown.line);
        let (before, marks) = shown.marks.unwrap();
        format!("{}\n{}{}", shown.line, " ".repeat(before), "^".repeat(marks))
    }

    #[test]
    fn marks_stand_under_what_is_meant() {
        assert_eq!(shown("      DisplayNam: x", 7, Some(10), 80), "DisplayNam: x\n^^^^^^^^^^");
        assert_eq!(shown("\tTimeout: 901", 11, Some(3), 80), "Timeout: 901\n         ^^^");
        // Wide characters take two columns.
        assert_eq!(shown("名前: ä", 5, Some(1), 80), "名前: ä\n      ^");
        // What lies behind the end of the line.
        assert_eq!(shown("ab", 2, Some(99), 80), "ab\n ^");
    }

    #[test]
    fn a_call_is_meant_with_its_arguments() {
        assert_eq!(
            shown("  .memory(f(\")\", 2)) // ok", 4, None, 80),
            ".memory(f(\")\", 2)) // ok\n ^^^^^^^^^^^^^^^^^"
        );
        assert_eq!(shown("  Table::new(", 3, None, 80), "Table::new(\n^^^^^^^^^^");
        assert_eq!(shown("let t = s3::Bucket::new(&stack, \"B\");", 9, None, 80).lines().nth(1).unwrap().len(), 36);
    }

    #[test]
    fn what_does_not_fit_is_cut_around_it() {
        let line = format!("{}: [{}here{}]", "a".repeat(40), "b".repeat(60), "c".repeat(60));
        assert_eq!(shown(&line, 104, Some(4), 40), "…bbbbbbbbbbbbbbbbherecccccccccccccccccc…\n                 ^^^^");
        assert_eq!(shown(&"x".repeat(99), 1, Some(3), 20), format!("{}…\n^^^", "x".repeat(19)));
    }
}
