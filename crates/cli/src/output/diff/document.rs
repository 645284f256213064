//! What is shown of a difference, before anybody has decided where: a tree of lines, without widths and without markup.
//!
//! Every form for people is made of this one tree, so that none says more or less than another.

use anstyle::Style;

use crate::output::style;

/// What is shown of one stack.
#[derive(Debug, Default)]
pub struct Document {
    /// The stack, and where it is.
    pub title: String,
    /// What happens to it, in a few words.
    pub verdict: String,
    /// Only those that have something.
    pub sections: Vec<Section>,
}

/// What belongs together.
#[derive(Debug)]
pub struct Section {
    /// Empty for what speaks for itself.
    pub title: String,
    pub items: Vec<Item>,
    /// Whether it is too important to be folded away.
    pub is_open: bool,
}

impl Section {
    pub fn new(title: impl Into<String>, items: Vec<Item>) -> Self {
        Self { title: title.into(), items, is_open: false }
    }

    pub fn open(mut self) -> Self {
        self.is_open = true;
        self
    }
}

#[derive(Debug)]
pub enum Item {
    Row(Row),
    Alert(Alert),
    /// Text in full sentences.
    Note(String),
    /// Lines of code, or of a value that is too large for one line.
    Lines(Vec<(Mark, String)>),
}

impl Item {
    pub fn as_row(&self) -> Option<&Row> {
        if let Self::Row(row) = self { Some(row) } else { None }
    }

    pub fn as_alert(&self) -> Option<&Alert> {
        if let Self::Alert(alert) = self { Some(alert) } else { None }
    }
}

/// Something that nobody may miss.
#[derive(Debug)]
pub struct Alert {
    pub tone: Tone,
    pub word: &'static str,
    /// What it is, in full sentences.
    pub lines: Vec<String>,
    /// What to do about it, and where: each with a label in front, such as `to keep it`.
    pub steps: Vec<(&'static str, String)>,
}

/// One line of columns. Rows that follow each other are aligned.
#[derive(Debug, Default)]
pub struct Row {
    pub mark: Mark,
    pub cells: Vec<Cell>,
    pub inside: Vec<Item>,
}

#[derive(Debug, Default)]
pub struct Cell {
    pub tone: Tone,
    pub content: Content,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Content {
    Text(String),
    /// A construct's path, of which the middle may be left out.
    Path(String),
    /// What may be left out where there is no room.
    Aside(String),
    /// Two values, of which what is the same may be left out.
    Change(String, String),
}

impl Default for Content {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self { tone: Tone::Plain, content: Content::Text(text.into()) }
    }

    pub fn path(text: impl Into<String>) -> Self {
        Self { tone: Tone::Plain, content: Content::Path(text.into()) }
    }

    pub fn aside(text: impl Into<String>) -> Self {
        Self { tone: Tone::Faint, content: Content::Aside(text.into()) }
    }

    pub fn toned(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }
}

/// What stands in front of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    #[default]
    None,
    Add,
    Remove,
    Change,
    Replace,
    Move,
    /// Where some lines are left out.
    Gap,
}

impl Mark {
    pub fn sign(self) -> &'static str {
        match self {
            Self::None => " ",
            Self::Add => "+",
            Self::Remove => "-",
            Self::Change => "~",
            Self::Replace => "±",
            Self::Move => "→",
            Self::Gap => "…",
        }
    }

    pub fn tone(self) -> Tone {
        match self {
            Self::None => Tone::Plain,
            Self::Add => Tone::Good,
            Self::Remove | Self::Replace => Tone::Bad,
            Self::Change | Self::Move => Tone::Changed,
            Self::Gap => Tone::Faint,
        }
    }
}

/// How something is meant. The words say it as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Plain,
    Faint,
    Good,
    Changed,
    Bad,
    Alarm,
    Warning,
}

impl Tone {
    pub fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Faint => style::FAINT,
            Self::Good => style::GOOD,
            Self::Changed => style::CHANGE,
            Self::Bad => style::REMOVE,
            Self::Alarm => style::ERROR,
            Self::Warning => style::WARNING,
        }
    }
}
