//! Rust source as tokens: comments, texts and test code are left out.

/// The tokens of one file. A name, `::`, or one character of punctuation.
pub(crate) fn tokens(source: &str) -> Vec<String> {
    without_tests(&split(source))
}

fn split(source: &str) -> Vec<String> {
    let letters: Vec<char> = source.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let rest = &letters[at..];
        let next = rest.get(1).copied().unwrap_or(' ');
        at += match rest[0] {
            '/' if next == '/' => until(rest, "\n"),
            '/' if next == '*' => until(rest, "*/"),
            '"' => text(rest),
            'r' if next == '"' => until(&rest[2..], "\"") + 2,
            'r' if next == '#' && rest.get(2) == Some(&'"') => until(rest, "\"#"),
            '\'' => character(rest),
            ':' if next == ':' => {
                tokens.push("::".to_owned());
                2
            }
            letter if letter.is_alphanumeric() || letter == '_' => {
                let name: String = rest
                    .iter()
                    .take_while(|one| one.is_alphanumeric() || **one == '_')
                    .collect();
                let length = name.chars().count();
                tokens.push(name);
                length
            }
            letter => {
                if !letter.is_whitespace() {
                    tokens.push(letter.to_string());
                }
                1
            }
        };
    }
    tokens
}

/// How many characters there are up to the end of `end`.
fn until(rest: &[char], end: &str) -> usize {
    let end: Vec<char> = end.chars().collect();
    let found = rest.windows(end.len()).position(|part| part == end);
    found.map_or(rest.len(), |place| place + end.len())
}

fn text(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != '"' {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// A character such as `'a'` or `'\n'`, or the quote of a lifetime.
fn character(rest: &[char]) -> usize {
    match rest {
        [_, '\\', _, after @ ..] => 3 + until(after, "'"),
        [_, _, '\'', ..] => 3,
        _ => 1,
    }
}

/// Leaves out each item that has `#[cfg(test)]`.
fn without_tests(tokens: &[String]) -> Vec<String> {
    const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at..].len() >= TEST.len() && tokens[at..at + TEST.len()] == TEST {
            at += TEST.len();
            at += item(&tokens[at..]);
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// How many tokens the first item has: up to a `;`, or to the end of its braces.
fn item(tokens: &[String]) -> usize {
    let mut depth = 0_usize;
    for (place, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "{" => depth += 1,
            "}" if depth <= 1 => return place + 1,
            "}" => depth -= 1,
            ";" if depth == 0 => return place + 1,
            _ => {}
        }
    }
    tokens.len()
}
