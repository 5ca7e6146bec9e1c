//! Paragraphs, lists and code of a description.

use super::inline;

/// Where lines end; the text of one level of fields then fits into 120 columns.
const WIDTH: usize = 108;

#[derive(Debug, PartialEq)]
pub(super) enum Block {
    Paragraph(String),
    /// An item of a list: its depth, `-` or a number with its mark, and its text.
    Item {
        depth: usize,
        marker: String,
        text: String,
    },
    Code(Vec<String>),
}

/// Reads a description line by line. A line that is indented begins code after an empty line, a colon or an opening
/// bracket; elsewhere it continues what stands before it.
pub(super) fn parse(description: &str) -> Vec<Block> {
    let mut parser = Parser { blocks: Vec::new(), is_open: false, indents: Vec::new() };
    let mut lines = description.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim().is_empty() {
            let next_is_code = lines.peek().is_some_and(|next| next.starts_with('\t') || next.starts_with("  "));
            parser.blank(next_is_code);
        } else {
            parser.line(line);
        }
    }
    for block in &mut parser.blocks {
        if let Block::Code(lines) = block {
            unindent(lines);
        }
    }
    parser.blocks
}

struct Parser {
    blocks: Vec<Block>,
    /// Whether the next line may continue the last block.
    is_open: bool,
    /// The indents of the list items that are open.
    indents: Vec<usize>,
}

impl Parser {
    fn blank(&mut self, next_is_code: bool) {
        match self.blocks.last_mut() {
            Some(Block::Code(lines)) if next_is_code && self.is_open => lines.push(String::new()),
            _ => self.is_open = false,
        }
    }

    fn line(&mut self, line: &str) {
        let indent = indent(line);
        let text = line.trim();
        if let (true, Some(Block::Code(lines))) = (self.is_open, self.blocks.last_mut()) {
            let closes = text.chars().all(|character| matches!(character, '}' | ']' | ')' | ',' | ';'));
            if indent >= 2 || closes {
                lines.push(line.replace('\t', "    ").trim_end().to_owned());
                return;
            }
        }
        if let Some((marker, rest)) = list_marker(text) {
            let starts_list = !self.indents.is_empty() || !line.starts_with('\t');
            if starts_list {
                return self.item(indent, marker, rest);
            }
        }
        let is_open = self.is_open;
        match self.blocks.last_mut() {
            Some(Block::Item { text: item, .. }) if indent >= 2 && !line.starts_with('\t') => join(item, text),
            Some(Block::Item { text: before, .. } | Block::Paragraph(before))
                if indent >= 2 && is_open && !before.ends_with([':', '{', '[', '(']) =>
            {
                join(before, text);
            }
            _ if indent >= 2 => {
                self.indents.clear();
                self.blocks.push(Block::Code(vec![line.replace('\t', "    ").trim_end().to_owned()]));
            }
            Some(Block::Paragraph(paragraph)) if self.is_open => join(paragraph, text),
            _ => {
                self.indents.clear();
                self.blocks.push(Block::Paragraph(text.to_owned()));
            }
        }
        self.is_open = true;
    }

    fn item(&mut self, indent: usize, marker: &str, text: &str) {
        while self.indents.last().is_some_and(|open| *open > indent) {
            self.indents.pop();
        }
        if self.indents.last() != Some(&indent) {
            self.indents.push(indent);
        }
        let marker = if matches!(marker, "*" | "+") { "-" } else { marker };
        let (depth, marker) = (self.indents.len() - 1, marker.to_owned());
        self.blocks.push(Block::Item { depth, marker, text: text.to_owned() });
        self.is_open = true;
    }
}

/// How far a line is indented, a tab counting for four.
fn indent(line: &str) -> usize {
    line.chars()
        .map_while(|character| match character {
            ' ' => Some(1),
            '\t' => Some(4),
            _ => None,
        })
        .sum()
}

/// The mark of a list's item and what follows it.
fn list_marker(text: &str) -> Option<(&str, &str)> {
    let (marker, rest) = text.split_once(' ')?;
    let number = marker.strip_suffix(['.', ')']).unwrap_or_default();
    let is_number = (1..=2).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    (matches!(marker, "-" | "*" | "+") || is_number).then(|| (marker, rest.trim_start()))
}

fn join(text: &mut String, line: &str) {
    text.push(' ');
    text.push_str(line);
}

fn unindent(lines: &mut Vec<String>) {
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    let least = lines.iter().filter(|line| !line.is_empty()).map(|line| indent(line)).min().unwrap_or(0);
    for line in lines {
        line.drain(..least.min(line.len()));
    }
}

/// Writes blocks as Markdown.
pub(super) fn render(blocks: &[Block]) -> String {
    let mut output = Vec::new();
    let mut widths: Vec<usize> = Vec::new();
    let mut after_item = false;
    for (index, block) in blocks.iter().enumerate() {
        let is_item = matches!(block, Block::Item { .. });
        if index > 0 && !(is_item && after_item) {
            output.push(String::new());
        }
        match block {
            Block::Paragraph(text) if index == 0 => {
                let text = inline::escape(text);
                let (summary, rest) = inline::split_summary(&text);
                wrap(&mut output, "", "", summary);
                if !rest.is_empty() {
                    output.push(String::new());
                    wrap(&mut output, "", "", rest);
                }
            }
            Block::Paragraph(text) => wrap(&mut output, "", "", &inline::escape(text)),
            Block::Item { depth, marker, text } => {
                widths.truncate(*depth);
                let outer = " ".repeat(widths.iter().sum());
                widths.push(marker.len() + 1);
                let hanging = " ".repeat(outer.len() + marker.len() + 1);
                wrap(&mut output, &format!("{outer}{marker} "), &hanging, &inline::escape(text));
            }
            Block::Code(lines) => {
                let longest = lines.iter().map(|line| longest_run(line, '`')).max().unwrap_or(0);
                let fence = "`".repeat(longest.max(2) + 1);
                output.push(format!("{fence}text"));
                output.extend(lines.iter().cloned());
                output.push(fence);
            }
        }
        after_item = is_item;
    }
    output.join("\n")
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|character| character != of).map(str::len).max().unwrap_or(0)
}

/// Breaks a text into lines; none begins with what Markdown would take for a list, heading or quotation.
fn wrap(output: &mut Vec<String>, first: &str, hanging: &str, text: &str) {
    let (mut line, mut width) = (first.to_owned(), first.chars().count());
    let mut has_words = false;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if has_words && width + 1 + length > WIDTH && !begins_block(word) {
            output.push(std::mem::replace(&mut line, hanging.to_owned()));
            width = hanging.chars().count();
            has_words = false;
        }
        if has_words {
            line.push(' ');
            width += 1;
        } else if begins_block(word) {
            line.push('\\');
            width += 1;
        }
        line.push_str(word);
        width += length;
        has_words = true;
    }
    output.push(line);
}

fn begins_block(word: &str) -> bool {
    let number = word.trim_end_matches(['.', ')']);
    let is_number = number.len() < word.len() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let repeats = |mark: char| word.chars().all(|character| character == mark);
    is_number
        || word.starts_with(['#', '>', '|'])
        || matches!(word, "-" | "+" | "*")
        || repeats('=')
        || repeats('-')
        || word.starts_with("```")
        || word.starts_with("~~~")
}
