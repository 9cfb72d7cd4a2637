//! JavaScript as far as comments and white space go: enough to drop both safely, and no more.

/// A piece of source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name, a keyword or a number.
    Word,
    /// One character of an operator or a bracket.
    Sign,
    /// A string, a template or a regular expression: kept to the byte.
    Literal,
    /// `//…` or `/*…*/`.
    Comment,
    /// White space without a line break.
    Space,
    /// White space with a line break.
    Break,
}

/// Words after which a `/` begins a regular expression.
const BEFORE_REGEX: [&str; 12] = [
    "return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "await", "yield",
];

/// Cuts source text into pieces that together are the text.
pub(crate) fn pieces(source: &str) -> Vec<(Kind, &str)> {
    let mut pieces = Vec::new();
    let mut rest = source;
    let mut before: Option<(Kind, &str)> = None;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = piece(first, rest, before);
        let (text, after) = rest.split_at(length);
        pieces.push((kind, text));
        if !matches!(kind, Kind::Comment | Kind::Space | Kind::Break) {
            before = Some((kind, text));
        }
        rest = after;
    }
    pieces
}

fn piece(first: char, rest: &str, before: Option<(Kind, &str)>) -> (Kind, usize) {
    if first.is_whitespace() {
        let length = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        let kind = if rest.get(..length).is_some_and(|s| s.contains('\n')) {
            Kind::Break
        } else {
            Kind::Space
        };
        return (kind, length);
    }
    if rest.starts_with("//") {
        return (Kind::Comment, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Kind::Comment, rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    match first {
        '"' | '\'' => (Kind::Literal, quoted(rest, first)),
        '`' => (Kind::Literal, template(rest)),
        '/' if regex_may_begin(before) => (Kind::Literal, regex(rest)),
        c if is_word(c) => (Kind::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len())),
        c => (Kind::Sign, c.len_utf8()),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$' || c == '#'
}

/// A `/` after a value divides; after anything else it begins a regular expression. (A regular expression right
/// after `)` or `}` would be taken for a division: do not write one there.)
fn regex_may_begin(before: Option<(Kind, &str)>) -> bool {
    match before {
        None => true,
        Some((Kind::Word, word)) => BEFORE_REGEX.contains(&word),
        Some((Kind::Sign, sign)) => !matches!(sign, ")" | "]" | "}"),
        Some(_) => false,
    }
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn regex(rest: &str) -> usize {
    let (mut escaped, mut class) = (false, false);
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            '/' if !class => {
                let flags = rest.get(at + 1..).unwrap_or_default();
                return at + 1 + flags.find(|c| !is_word(c)).unwrap_or(flags.len());
            }
            _ => {}
        }
    }
    rest.len()
}

/// A template with what stands in its `${…}`, which may hold templates again.
fn template(rest: &str) -> usize {
    let mut at = 1;
    while let Some(c) = rest.get(at..).and_then(|r| r.chars().next()) {
        if c == '\\' {
            at += 1 + rest
                .get(at + 1..)
                .and_then(|r| r.chars().next())
                .map_or(0, char::len_utf8);
        } else if c == '`' {
            return at + 1;
        } else if rest.get(at..).is_some_and(|r| r.starts_with("${")) {
            at += 2 + expression(rest.get(at + 2..).unwrap_or_default());
        } else {
            at += c.len_utf8();
        }
    }
    rest.len()
}

/// The length of an expression up to and with the `}` that ends it.
fn expression(rest: &str) -> usize {
    let (mut at, mut depth, mut before) = (0, 0_u32, None);
    while let Some((first, here)) = rest.get(at..).and_then(|r| r.chars().next().map(|c| (c, r))) {
        let (kind, length) = piece(first, here, before);
        let text = here.get(..length).unwrap_or_default();
        at += length;
        match (kind, text) {
            (Kind::Sign, "{") => depth += 1,
            (Kind::Sign, "}") if depth == 0 => return at,
            (Kind::Sign, "}") => depth -= 1,
            _ => {}
        }
        if !matches!(kind, Kind::Comment | Kind::Space | Kind::Break) {
            before = Some((kind, text));
        }
    }
    at
}

/// The source without comments; lines stay where they are, so that errors can name them.
pub(crate) fn without_comments(source: &str) -> String {
    let keep = |(kind, text): (Kind, &str)| match kind {
        Kind::Comment => "\n".repeat(text.matches('\n').count()),
        Kind::Word | Kind::Sign | Kind::Literal | Kind::Space | Kind::Break => text.to_owned(),
    };
    pieces(source).into_iter().map(keep).collect()
}

/// The source without comments and without white space that means nothing. Names stay: a client that people are to
/// trust should be readable where it is served.
pub(crate) fn minify(source: &str) -> String {
    let stripped = without_comments(source);
    let mut code = String::with_capacity(stripped.len());
    let mut gap = None;
    for (kind, text) in pieces(&stripped) {
        match kind {
            Kind::Break => gap = Some('\n'),
            Kind::Space | Kind::Comment => gap = gap.or(Some(' ')),
            Kind::Word | Kind::Sign | Kind::Literal => {
                if let (Some(space), Some(last)) = (gap.take(), code.chars().last())
                    && needed(space, last, text)
                {
                    code.push(space);
                }
                code.push_str(text);
            }
        }
    }
    code.push('\n');
    code
}

fn needed(space: char, last: char, next: &str) -> bool {
    let first = next.chars().next().unwrap_or(' ');
    if space == '\n' {
        // A line break may end a statement, but not after these and not before those.
        return !"{[(,;".contains(last) && !"}]),.;".contains(first);
    }
    // `a + +b` must not become `a ++b`, nor `a / /b/` a comment.
    (is_word(last) && is_word(first)) || (last == first && "+-/".contains(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the code is made of, without comments and white space.
    fn tokens(source: &str) -> Vec<(Kind, &str)> {
        let meaningless = |kind| matches!(kind, Kind::Comment | Kind::Space | Kind::Break);
        pieces(source)
            .into_iter()
            .filter(|(kind, _)| !meaningless(*kind))
            .collect()
    }

    const CASES: [(&str, &str); 14] = [
        ("a = 1; // one\nb = 2;", "a=1;b=2;\n"),
        ("/* x */ let a = /* y */ 1;", "let a=1;\n"),
        (
            "const s = '// no' + \"/* no */\";",
            "const s='// no'+\"/* no */\";\n",
        ),
        ("return /a\\/b[/]c/g.test(x)", "return/a\\/b[/]c/g.test(x)\n"),
        ("const n = a / b / c; // x", "const n=a/b/c;\n"),
        ("f(x) / 2", "f(x)/2\n"),
        ("a[0] / 2 /* y */", "a[0]/2\n"),
        (
            "`a ${b + `c // ${d}`} /* e */`",
            "`a ${b + `c // ${d}`} /* e */`\n",
        ),
        ("`a ${ {x: '}'} } b`  ;", "`a ${ {x: '}'} } b`;\n"),
        ("a\n++b", "a\n++b\n"),
        ("a + +b; c - -d", "a+ +b;c- -d\n"),
        ("return\nx", "return\nx\n"),
        ("if (a) {\n    b();\n}\nc()", "if(a){b();}\nc()\n"),
        ("x\n    .y()\n    .z();", "x.y().z();\n"),
    ];

    #[test]
    fn cases() {
        for (source, minified) in CASES {
            assert_eq!(minify(source), minified, "{source}");
        }
    }

    #[test]
    fn nothing_but_comments_and_space_goes() {
        for (source, _) in CASES {
            let minified = minify(source);
            assert_eq!(tokens(&minified), tokens(source), "{source}");
            assert_eq!(minify(&minified), minified, "twice is once: {source}");
        }
    }

    #[test]
    fn pieces_are_the_text() {
        for (source, _) in CASES {
            assert_eq!(
                pieces(source)
                    .into_iter()
                    .map(|(_, text)| text)
                    .collect::<String>(),
                source
            );
        }
    }
}
