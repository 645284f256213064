//! A difference as a comment on a pull request, in GitHub's Markdown.
//!
//! The first line is a marker that readers do not see, by which a later run finds the comment and writes it anew. What matters is open, the rest is folded.
//! A comment has a greatest size: what does not fit is left out from its end, and that is said.

use anstream::adapter::strip_str;

use super::document::{Alert, Document, Item, Mark, Section, Tone};
use super::text;

/// GitHub takes 65,536 characters; some are left for what others put around it. Counted in bytes, which are never fewer.
const LARGEST: usize = 64_000;
/// For each stack at least this much is kept, so that none goes unmentioned.
const WIDTH: usize = 110;

/// `<!-- skysmith diff: APP/ENV -->`.
pub fn marker(app: &str, environment: Option<&str>) -> String {
    // `--` would end the comment.
    let clean = |text: &str| text.replace("--", "- -").replace(['<', '>', '\n', '\r'], " ");
    match environment {
        Some(environment) => format!("<!-- skysmith diff: {}/{} -->", clean(app), clean(environment)),
        None => format!("<!-- skysmith diff: {} -->", clean(app)),
    }
}

/// The comment, without anything that would make it too large.
pub fn render(marker: &str, documents: &[Document]) -> String {
    render_within(marker, documents, LARGEST)
}

fn render_within(marker: &str, documents: &[Document], largest: usize) -> String {
    let mut text = format!("{marker}\n");
    if documents.is_empty() {
        text.push_str("No changes.\n");
    }
    // First what each stack comes to, so that every one is there; then as many sections as there is room for.
    let heads: Vec<String> = documents.iter().map(head).collect();
    let mut room = largest.saturating_sub(text.len() + heads.iter().map(String::len).sum::<usize>() + 200);
    let mut left_out = 0;
    let mut bodies: Vec<Vec<Option<String>>> = documents.iter().map(|it| vec![None; it.sections.len()]).collect();
    // What is open goes before what is folded, of whichever stack.
    for is_open in [true, false] {
        for (document, body) in documents.iter().zip(&mut bodies) {
            for (section, place) in document.sections.iter().zip(body).filter(|(it, _)| it.is_open == is_open) {
                let said = one(section);
                if said.len() <= room {
                    room -= said.len();
                    *place = Some(said);
                } else {
                    left_out += 1;
                }
            }
        }
    }
    for (head, body) in heads.iter().zip(bodies) {
        if text.len() + head.len() + 200 > largest {
            left_out += 1;
            continue;
        }
        text.push_str(head);
        for said in body.into_iter().flatten() {
            text.push_str(&said);
        }
    }
    if left_out > 0 {
        text.push_str(&format!(
            "\n_{left_out} sections are left out, since a comment has no room for them: `skysmith diff` shows all._\n"
        ));
    }
    text
}

fn head(document: &Document) -> String {
    format!("\n### {}\n\n**{}**\n", escape(&document.title), escape(&document.verdict))
}

fn one(section: &Section) -> String {
    if let [Item::Alert(_), ..] = section.items.as_slice() {
        return section.items.iter().filter_map(Item::as_alert).map(alert).collect();
    }
    let mut body = String::new();
    text::items(&section.items, 0, WIDTH, &mut body);
    let body = coloured(&strip_str(&body).to_string());
    let fence = fence(&body);
    let title = if section.title.is_empty() { "resources" } else { &section.title };
    let count = section.items.len();
    let open = if section.is_open { " open" } else { "" };
    format!(
        "\n<details{open}><summary>{} ({count})</summary>\n\n{fence}diff\n{body}{fence}\n\n</details>\n",
        escape(title)
    )
}

fn alert(alert: &Alert) -> String {
    let kind = if alert.tone == Tone::Warning { "WARNING" } else { "CAUTION" };
    let lines = alert.lines.iter().map(|line| escape(line));
    let steps = alert.steps.iter().map(|(label, step)| format!("_{label}:_ {}", escape(step)));
    let said: Vec<String> = lines.chain(steps).collect();
    format!("\n> [!{kind}]\n> **{}**: {}\n", alert.word, said.join("<br>\n> "))
}

/// In GitHub's `diff` blocks the first character of a line gives it its colour: `+`, `-`, and `!` for what is changed.
fn coloured(body: &str) -> String {
    let changed = [Mark::Change, Mark::Replace, Mark::Move].map(Mark::sign);
    let mut text = String::with_capacity(body.len());
    for line in body.lines() {
        let inner = line.trim_start();
        let sign = inner.chars().next().map(String::from).unwrap_or_default();
        let is_sign = inner[sign.len()..].starts_with(' ');
        let colour = match sign.as_str() {
            "+" | "-" if is_sign && inner.len() == line.len() => "",
            "+" if is_sign => "+",
            "-" if is_sign => "-",
            other if is_sign && changed.contains(&other) => "!",
            _ => " ",
        };
        text.push_str(format!("{colour}{line}").trim_end());
        text.push('\n');
    }
    text
}

/// One that does not occur in the text.
fn fence(body: &str) -> String {
    let mut fence = "```".to_owned();
    while body.contains(&fence) {
        fence.push('`');
    }
    fence
}

fn escape(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => said.push_str("&lt;"),
            '>' => said.push_str("&gt;"),
            '&' => said.push_str("&amp;"),
            '*' | '_' | '`' | '[' | ']' | '\\' | '~' | '#' | '@' | '|' => {
                said.push('\\');
                said.push(character);
            }
            other => said.push(other),
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::diff::document::{Cell, Row};

    fn rows(count: usize, title: &str) -> Section {
        let row = |index| {
            let cells = vec![Cell::text(format!("Thing{index} ```"))];
            Item::Row(Row { mark: Mark::Add, cells, inside: Vec::new() })
        };
        Section::new(title, (0..count).map(row).collect())
    }

    #[test]
    fn comments_are_found_again_and_stay_small() {
        assert_eq!(marker("a--b", Some("dev")), "<!-- skysmith diff: a- -b/dev -->");
        let documents: Vec<Document> = (0..40)
            .map(|index| Document {
                title: format!("stack-{index}"),
                verdict: "1 to add".to_owned(),
                sections: vec![rows(30, "").open(), rows(200, "parameters")],
            })
            .collect();
        let text = render("<!-- m -->", &documents);
        assert!(text.starts_with("<!-- m -->\n"));
        assert!(text.len() < 65_536, "{}", text.len());
        for index in 0..40 {
            assert!(text.contains(&format!("### stack-{index}\n")), "{index}");
        }
        assert!(text.contains("sections are left out"), "{}", &text[text.len() - 200..]);
        assert_eq!(text.matches("<details").count(), text.matches("</details>").count());
        assert!(text.contains("````diff\n+ Thing0 ```\n"));
        let many: Vec<Document> = (0..5000)
            .map(|index| Document { title: format!("stack-{index}"), verdict: String::new(), sections: Vec::new() })
            .collect();
        assert!(render("<!-- m -->", &many).len() < 65_536);
    }

    #[test]
    fn every_line_has_its_colour() {
        assert_eq!(coloured("~ A  x\n    P  1 → 2\n  + B\n- C\n"), "!~ A  x\n     P  1 → 2\n+  + B\n- C\n");
        assert_eq!(escape("<b> a_b"), "&lt;b&gt; a\\_b");
    }
}
