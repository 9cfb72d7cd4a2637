//! Style sheets into one file.

/// Gives the source of a file of the assets.
pub(crate) type Reader<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// A style sheet with those that it imports in place of its `@import "./x.css";` lines.
pub(crate) fn bundle(read: Reader<'_>, entry: &str) -> Result<String, String> {
    let folder = entry.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut css = String::new();
    for line in read(entry)?.lines() {
        match line
            .strip_prefix("@import \"./")
            .and_then(|rest| rest.strip_suffix("\";"))
        {
            Some(name) => css.push_str(&read(&format!("{folder}/{name}"))?),
            None if line.starts_with("@import") => {
                return Err(format!("{entry}: not a plain import: {line}"));
            }
            None => css.push_str(line),
        }
        css.push('\n');
    }
    Ok(css)
}

/// The style sheet without comments and without white space that means nothing.
pub(crate) fn minify(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    let mut gap = false;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("/*") {
            gap = true;
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first.is_whitespace() {
            gap = true;
            rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len())
        } else {
            let length = if first == '"' || first == '\'' {
                quoted(rest, first)
            } else {
                first.len_utf8()
            };
            let last = out.chars().last().unwrap_or('{');
            if std::mem::take(&mut gap) && !"{};,".contains(last) && !"{};,".contains(first) {
                out.push(' ');
            }
            if first == '}' && last == ';' {
                out.pop();
            }
            out.push_str(rest.get(..length).unwrap_or_default());
            length
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    out.push('\n');
    out
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_stand_where_they_are_named() {
        let read = |path: &str| match path {
            "css/app.css" => Ok("@layer a, b;\n@import \"./b.css\";\n".to_owned()),
            "css/b.css" => Ok("@layer b { x {} }".to_owned()),
            other => Err(format!("{other}: not there")),
        };
        assert_eq!(
            bundle(&read, "css/app.css").unwrap(),
            "@layer a, b;\n@layer b { x {} }\n"
        );
        assert_eq!(bundle(&read, "css/c.css").unwrap_err(), "css/c.css: not there");
    }

    #[test]
    fn cases() {
        for (css, minified) in [
            ("a { color : red ; }\n\n/* b */ b{x:y}", "a{color : red}b{x:y}\n"),
            (
                "a :hover , b { width: calc(1px + 2px); }",
                "a :hover,b{width: calc(1px + 2px)}\n",
            ),
            (
                "a::before { content: \" /* no */ ; \"; }",
                "a::before{content: \" /* no */ ; \"}\n",
            ),
            (
                "@media (min-width: 1px) and (x) { a { b: c } }",
                "@media (min-width: 1px) and (x){a{b: c}}\n",
            ),
        ] {
            assert_eq!(minify(css), minified);
            assert_eq!(minify(minified), minified);
        }
    }
}
