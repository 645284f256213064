//! The lines of a frame: a board in so many columns and lines. Pure; what it makes carries styles, and never more columns or lines than there are.
//!
//! From the top: what is done, what is worked on, what waits and for what; failures at the end, where they stay in sight. Where there are more resources than lines,
//! those that are done become a count first, then those that wait.

use std::time::{Duration, Instant};

use anstyle::Style;

use super::board::{Board, Phase, Row, StackView, State};
use super::{estimate, fit};
use crate::output::{style, words};

/// Beyond this many columns the time at the right would be too far from the name at the left.
const WIDEST: usize = 108;
/// From here on there is room for what a resource is.
const WIDE: usize = 64;
/// How far the resources of a nested stack stand in.
const UNDER: &str = "  ";
/// A turn of the mark of what is worked on.
const MARKS: [&str; 4] = ["◐", "◓", "◑", "◒"];
const TURN: Duration = Duration::from_millis(250);

/// The board in lines of at most `columns`, at most `lines` of them.
pub fn frame(board: &Board, now: Instant, columns: usize, lines: usize) -> Vec<String> {
    let turn = now.saturating_duration_since(board.started).as_millis() / TURN.as_millis();
    let canvas = Canvas { now, columns: columns.min(WIDEST), mark: MARKS[(turn % 4) as usize] };
    let mut drawn = Vec::new();
    if board.overview.total > 1 {
        drawn.push(canvas.overview(board));
    }
    let room = lines.saturating_sub(drawn.len());
    match board.stacks.as_slice() {
        [] => {}
        [stack] => drawn.extend(canvas.whole(stack, room)),
        stacks => drawn.extend(canvas.several(stacks, room)),
    }
    drawn.truncate(lines);
    drawn
}

struct Canvas {
    now: Instant,
    columns: usize,
    mark: &'static str,
}

/// Widths of the columns of a stack's rows. Without room for it, a column has none.
struct Widths {
    name: usize,
    kind: usize,
    said: usize,
    time: usize,
}

impl Canvas {
    /// `deploying 12 stacks · 3 done · 1 failed · 40 s`.
    fn overview(&self, board: &Board) -> String {
        let overview = &board.overview;
        let mut parts = vec![format!("{} {} stacks", overview.doing, overview.total)];
        for (count, word) in [(overview.done, "done"), (overview.failed, "failed"), (overview.skipped, "skipped")] {
            if count > 0 {
                parts.push(format!("{count} {word}"));
            }
        }
        parts.push(words::seconds(self.now.saturating_duration_since(board.started)));
        style::paint(style::STRONG, &fit::end(&parts.join(" · "), self.columns))
    }

    /// One stack with all that there is room for.
    fn whole(&self, stack: &StackView, lines: usize) -> Vec<String> {
        let mut drawn = self.head(&stack.title, &self.status(stack), lines);
        if stack.phase == Phase::Preparing {
            drawn.push(format!(
                "  {}",
                style::paint(style::FAINT, &fit::end(&stack.note, self.columns.saturating_sub(2)))
            ));
        }
        let widths = self.widths(stack);
        let of = |wanted: fn(&State) -> bool| {
            let mut rows: Vec<&Row> = stack.own_rows().filter(|row| wanted(&row.state)).collect();
            rows.sort_by_key(|row| row.order);
            rows
        };
        let done = of(|state| matches!(state, State::Done | State::Left));
        let working = of(|state| *state == State::Working);
        let mut waiting = of(|state| *state == State::Waiting);
        // What comes next stands first.
        waiting.sort_by_key(|row| stack.waits_for(row).filter(|need| need.state == State::Waiting).count());
        let mut room = lines.saturating_sub(drawn.len());
        let failed = self.failures(stack, &widths, room.div_ceil(2));
        room = room.saturating_sub(failed.len());
        // A line is kept for the count of those that are done, and one for those that wait.
        let kept = usize::from(!done.is_empty()) + usize::from(!waiting.is_empty());
        let running = self.running(stack, &working, &widths, room.saturating_sub(kept));
        room = room.saturating_sub(running.len());
        let for_waiting = waiting.len().min((room / 2).max(room.saturating_sub(done.len())));
        let for_done = room - for_waiting;
        let done = capped(
            &done,
            for_done,
            true,
            |row| self.row(row, &widths),
            |count| self.note(("✓", style::GOOD), &format!("{count} done")),
        );
        let waiting = capped(
            &waiting,
            for_waiting,
            false,
            |row| self.waiting(stack, row, &widths),
            |count| self.note(("·", style::FAINT), &format!("{count} more wait")),
        );
        drawn.extend(done.into_iter().chain(running).chain(waiting).chain(failed));
        drawn
    }

    /// Several stacks: a line each, and what is worked on in them as far as there is room.
    fn several(&self, stacks: &[StackView], lines: usize) -> Vec<String> {
        let shown = if stacks.len() > lines { lines.saturating_sub(1) } else { stacks.len() };
        let mut room = lines.saturating_sub(stacks.len());
        let mut drawn = Vec::new();
        for (index, stack) in stacks[..shown].iter().enumerate() {
            let share = room.div_ceil(shown - index);
            drawn.extend(self.head(&stack.name, &self.status(stack), 1));
            let widths = self.widths(stack);
            let mut working: Vec<&Row> = stack.own_rows().filter(|row| row.state == State::Working).collect();
            working.sort_by_key(|row| row.order);
            let failed = self.failures(stack, &widths, share);
            let running = if working.is_empty() && failed.is_empty() && share > 0 && stack.phase == Phase::Preparing {
                vec![format!(
                    "  {}",
                    style::paint(style::FAINT, &fit::end(&stack.note, self.columns.saturating_sub(2)))
                )]
            } else {
                self.running(stack, &working, &widths, share.saturating_sub(failed.len()))
            };
            room = room.saturating_sub(failed.len() + running.len());
            drawn.extend(running.into_iter().chain(failed));
        }
        if shown < stacks.len() {
            let rest = format!("and {} more stacks", stacks.len() - shown);
            drawn.push(style::paint(style::FAINT, &fit::end(&rest, self.columns)));
        }
        drawn
    }

    /// What the stack is at, at the right; below it where there is no room beside it.
    fn head(&self, title: &str, status: &str, lines: usize) -> Vec<String> {
        let needed = |status: &str| fit::width(title) + 2 + fit::width(status);
        if needed(status) <= self.columns || lines < 8 {
            let status = if needed(status) <= self.columns {
                status
            } else {
                status.split(" · about").next().unwrap_or(status)
            };
            let title = fit::end(title, self.columns.saturating_sub(fit::width(status) + 2));
            let gap = self.columns.saturating_sub(fit::width(&title) + fit::width(status));
            let status = fit::end(status, self.columns.saturating_sub(fit::width(&title)));
            return vec![format!("{}{}{status}", strong_name(&title), " ".repeat(gap))];
        }
        // Half an account helps nobody.
        let mut title = title;
        while fit::width(title) > self.columns
            && let Some((shorter, _)) = title.rsplit_once(" · ")
        {
            title = shorter;
        }
        let status = fit::end(status, self.columns.saturating_sub(2));
        vec![strong_name(&fit::end(title, self.columns)), format!("  {status}")]
    }

    /// `12 of 20 · 7 s · about 19 s left`.
    fn status(&self, stack: &StackView) -> String {
        let (done, all) = stack.progress();
        let mut parts = Vec::new();
        match stack.phase {
            Phase::Preparing => {}
            Phase::Running if all == 0 => parts.push("at work".to_owned()),
            Phase::Running if !stack.has_an_end => parts.push(format!("{done} done")),
            Phase::Running => parts.push(format!("{done} of {all}")),
            Phase::CleaningUp => parts.push("cleaning up".to_owned()),
            Phase::RollingBack => parts.push("rolling back".to_owned()),
        }
        parts.push(words::seconds(self.now.saturating_duration_since(stack.since)));
        parts.extend(stack.left(self.now).map(estimate::words));
        parts.join(" · ")
    }

    fn widths(&self, stack: &StackView) -> Widths {
        let widest = |width: &dyn Fn(&Row) -> usize| stack.rows.iter().map(width).max().unwrap_or(0);
        let depth = |row: &Row| std::iter::successors(row.parent, |&at| stack.rows[at].parent).count();
        // Indent, mark, the gaps between the columns.
        let around = 4 + 2 + 1;
        let time = if self.columns < WIDE { 6 } else { 10 };
        let kind = if self.columns < WIDE { 0 } else { widest(&|row| fit::width(&row.kind)).min(self.columns * 2 / 9) };
        let room = self.columns.saturating_sub(around + time + if kind > 0 { kind + 2 } else { 0 });
        // `importing` has to be read whole.
        let shown = |row: &Row| row.state != State::Waiting || row.parent.is_none();
        let name = |row: &Row| {
            let whole = fit::width(&row.name);
            let within = fit::width(within(stack, row)) + depth(row) * UNDER.len();
            if matches!(row.state, State::Failed(_)) { whole.max(within) } else { within }
        };
        let name = widest(&|row| if shown(row) { name(row) } else { 0 })
            .min(room.saturating_sub(room / 3).min(room.saturating_sub(9)));
        Widths { name, kind, said: room.saturating_sub(name), time }
    }

    fn row(&self, row: &Row, widths: &Widths) -> String {
        self.row_as(row, &row.name, row.words, widths, "")
    }

    fn row_as(&self, row: &Row, name: &str, said: &str, widths: &Widths, under: &str) -> String {
        let (mark, painted) = match row.state {
            State::Waiting => ("·", style::FAINT),
            State::Working => (self.mark, style::CHANGE),
            State::Done => ("✓", style::GOOD),
            State::Left => ("·", Style::new()),
            State::Failed(_) => ("✗", style::ERROR),
        };
        let time = match row.state {
            State::Working => row.since.map(|since| {
                let elapsed = words::seconds(self.now.saturating_duration_since(since));
                // What it took the last time, where there is room for that as well.
                let both = row.earlier.map(|earlier| format!("{elapsed} / {}", words::seconds(earlier)));
                both.filter(|both| fit::width(both) <= widths.time).unwrap_or(elapsed)
            }),
            State::Waiting => None,
            _ => row.took.map(tenths),
        };
        let name = format!("{under}{}", fit::path(name, widths.name.saturating_sub(fit::width(under))));
        self.line(widths, &name, (mark, painted), row, said, &time.unwrap_or_default())
    }

    fn line(&self, widths: &Widths, name: &str, mark: (&str, Style), row: &Row, said: &str, time: &str) -> String {
        let name = fit::pad(&fit::path(name, widths.name), widths.name);
        let mut text = format!("  {} {name}", style::paint(mark.1, mark.0));
        if widths.kind > 0 {
            let kind = fit::end(&row.kind, widths.kind);
            let kind = if said.is_empty() && time.is_empty() { kind } else { fit::pad(&kind, widths.kind) };
            text.push_str(&format!("  {}", style::paint(style::FAINT, &kind)));
        }
        if time.is_empty() {
            let said = fit::end(said, widths.said + 1 + widths.time);
            return if said.is_empty() { text } else { format!("{text}  {}", style::paint(said_style(row), &said)) };
        }
        let said = fit::end(said, widths.said);
        let time = fit::end(time, widths.time);
        let gap = " ".repeat(widths.said + 1 + widths.time - fit::width(&said) - fit::width(&time));
        format!("{text}  {}{gap}{}", style::paint(said_style(row), &said), style::paint(style::FAINT, &time))
    }

    /// What is worked on, and beneath nested stacks what is worked on in them.
    fn running(&self, stack: &StackView, rows: &[&Row], widths: &Widths, lines: usize) -> Vec<String> {
        let mut drawn = Vec::new();
        for row in rows {
            self.branch(stack, row, widths, "", &mut drawn);
        }
        if drawn.len() > lines {
            let rest = drawn.len() - lines.saturating_sub(1);
            drawn.truncate(lines.saturating_sub(1));
            if lines > 0 {
                drawn.push(self.note((self.mark, style::CHANGE), &format!("{rest} more at work")));
            }
        }
        drawn
    }

    fn branch(&self, stack: &StackView, row: &Row, widths: &Widths, under: &str, drawn: &mut Vec<String>) {
        drawn.push(self.row_as(row, within(stack, row), &stack.doing(row), widths, under));
        for inner in stack.inside(row).into_iter().filter(|inner| inner.state == State::Working) {
            self.branch(stack, inner, widths, &format!("{under}{UNDER}"), drawn);
        }
    }

    /// A line for what there is no room for.
    fn note(&self, mark: (&str, Style), text: &str) -> String {
        format!("  {} {}", style::paint(mark.1, mark.0), fit::end(text, self.columns.saturating_sub(4)))
    }

    fn waiting(&self, stack: &StackView, row: &Row, widths: &Widths) -> String {
        let needs: Vec<&Row> = stack.waits_for(row).collect();
        // Of a chain, the part that is being worked on is what is really waited for.
        let first = needs.iter().find(|need| need.state == State::Working).or(needs.first());
        if stack.phase == Phase::RollingBack {
            return self.line(widths, &row.name, ("·", style::FAINT), row, "not begun", "");
        }
        let said = first.map(|first| {
            let more = if needs.len() > 1 { format!(" and {} more", needs.len() - 1) } else { String::new() };
            let room = (widths.said + 1 + widths.time).saturating_sub("waits for ".len() + more.len());
            // Half a name helps nobody.
            if room < fit::width(&first.name).min(12) {
                "waiting".to_owned()
            } else {
                format!("waits for {}{more}", fit::path(&first.name, room))
            }
        });
        let said = said.unwrap_or_default();
        self.line(widths, &row.name, ("·", style::FAINT), row, &said, "")
    }

    fn failures(&self, stack: &StackView, widths: &Widths, lines: usize) -> Vec<String> {
        let mut failed: Vec<&Row> = stack.rows.iter().filter(|row| matches!(row.state, State::Failed(_))).collect();
        failed.sort_by_key(|row| row.order);
        let mut drawn = Vec::new();
        for (index, row) in failed.iter().enumerate() {
            let State::Failed(reason) = &row.state else { continue };
            let mut block = vec![self.row(row, widths)];
            for line in fit::wrap(reason, self.columns.saturating_sub(6), 2) {
                block.push(format!("      {line}"));
            }
            let rest = failed.len() - index;
            let room = lines.saturating_sub(drawn.len());
            if block.len() > room || block.len() == room && rest > 1 {
                // The first cause is worth a line in any case.
                if index == 0 && room > 0 {
                    block.truncate(room);
                    drawn.extend(block);
                } else if room > 0 {
                    drawn.push(self.note(("✗", style::ERROR), &format!("{rest} more failed")));
                }
                break;
            }
            drawn.extend(block);
        }
        drawn
    }
}

/// A name below the row that it stands under.
fn within<'a>(stack: &StackView, row: &'a Row) -> &'a str {
    let above = row.parent.map_or("", |parent| stack.rows[parent].name.as_str());
    row.name.strip_prefix(above).and_then(|rest| rest.strip_prefix('/')).unwrap_or(&row.name)
}

/// The rows, or as many as there is room for with the count of the others: before them if those are the last ones, else after them.
fn capped(
    rows: &[&Row],
    lines: usize,
    last: bool,
    row: impl Fn(&Row) -> String,
    rest: impl Fn(usize) -> String,
) -> Vec<String> {
    if rows.len() <= lines {
        return rows.iter().map(|one| row(one)).collect();
    }
    let Some(shown) = lines.checked_sub(1) else { return Vec::new() };
    let hidden = rows.len() - shown;
    if last {
        std::iter::once(rest(hidden)).chain(rows[hidden..].iter().map(|one| row(one))).collect()
    } else {
        rows[..shown].iter().map(|one| row(one)).chain([rest(hidden)]).collect()
    }
}

fn said_style(row: &Row) -> Style {
    match row.state {
        State::Failed(_) => style::ERROR,
        State::Waiting => style::FAINT,
        _ => Style::new(),
    }
}

/// The stack's name stands out from what follows it.
fn strong_name(title: &str) -> String {
    match title.split_once(" · ") {
        Some((name, rest)) => format!("{} · {rest}", style::paint(style::STRONG, name)),
        None => style::paint(style::STRONG, title),
    }
}

/// `0.9 s`; without the tenths where nobody cares about them.
fn tenths(time: Duration) -> String {
    if time < Duration::from_secs(60) { format!("{:.1} s", time.as_secs_f64()) } else { words::seconds(time) }
}
