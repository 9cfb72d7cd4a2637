//! Modules into one file. A module may import and export only in the plain forms that the house style has, so that
//! joining them is no more than wrapping each into a function:
//!
//! ```js
//! import { a, b as c } from './other.js';
//! export function f() {}            // also async function, class, const
//! ```

use std::collections::BTreeMap;

use super::javascript::{Kind, pieces, without_comments};

#[derive(Default)]
struct Bundle {
    /// Path of a module to its number and its exports.
    done: BTreeMap<String, (usize, Vec<String>)>,
    /// Modules that are being read: to meet one of them again is a cycle.
    open: Vec<String>,
    code: String,
}

/// Joins a module and everything that it imports, what is imported first. `read` gives a module's source.
pub(crate) fn bundle(read: Reader<'_>, entry: &str) -> Result<String, String> {
    let mut bundle = Bundle::default();
    bundle.add(read, entry)?;
    Ok(bundle.code)
}

pub(crate) type Reader<'a> = &'a dyn Fn(&str) -> Result<String, String>;

impl Bundle {
    fn add(&mut self, read: Reader<'_>, path: &str) -> Result<(usize, Vec<String>), String> {
        if let Some(known) = self.done.get(path) {
            return Ok(known.clone());
        }
        if self.open.iter().any(|open| open == path) {
            return Err(format!(
                "{path}: a cycle: {} imports it",
                self.open.join(" imports ")
            ));
        }
        self.open.push(path.to_owned());
        let source = read(path)?;
        let (body, exports) = self.rewrite(read, path, &without_comments(&source))?;
        let number = self.done.len();
        let list = exports.join(",");
        let module = format!("const $m{number}=(()=>{{\n{body}\nreturn{{{list}}};\n}})();\n");
        self.code.push_str(&module);
        self.open.pop();
        self.done.insert(path.to_owned(), (number, exports.clone()));
        Ok((number, exports))
    }

    /// A module's code with its imports taken from the modules before, and the names that it exports.
    fn rewrite(
        &mut self,
        read: Reader<'_>,
        path: &str,
        source: &str,
    ) -> Result<(String, Vec<String>), String> {
        let (mut body, mut exports) = (String::new(), Vec::new());
        let mut lines = source.lines().enumerate();
        while let Some((at, line)) = lines.next() {
            let place = format!("{path}:{}", at + 1);
            if line.starts_with("import") {
                let mut statement = line.to_owned();
                while !statement.contains(';') {
                    let (_, next) = lines
                        .next()
                        .ok_or_else(|| format!("{place}: the import has no end"))?;
                    statement.push_str(next);
                }
                body.push_str(&self.import(read, path, &place, &statement)?);
            } else if let Some(declaration) = line.strip_prefix("export ") {
                exports.push(exported(declaration).ok_or_else(|| format!("{place}: not a plain export"))?);
                body.push_str(declaration);
            } else {
                body.push_str(line);
            }
            body.push('\n');
        }
        let other = pieces(&body)
            .into_iter()
            .find(|(kind, text)| *kind == Kind::Word && matches!(*text, "import" | "export"));
        match other {
            Some((_, word)) => Err(format!(
                "{path}: `{word}` stands only at the start of a line, in plain form"
            )),
            None => Ok((body, exports)),
        }
    }

    fn import(
        &mut self,
        read: Reader<'_>,
        path: &str,
        place: &str,
        statement: &str,
    ) -> Result<String, String> {
        let plain = || format!("{place}: not of the form import {{ a, b as c }} from './x.js';");
        let rest = statement
            .strip_prefix("import")
            .map(str::trim)
            .ok_or_else(plain)?;
        let (names, from) = rest
            .strip_prefix('{')
            .and_then(|r| r.split_once('}'))
            .ok_or_else(plain)?;
        let target = from
            .trim()
            .strip_prefix("from")
            .map(str::trim)
            .ok_or_else(plain)?;
        let target = target
            .strip_suffix(';')
            .map(|t| t.trim().trim_matches(['\'', '"']))
            .ok_or_else(plain)?;
        let target = resolve(path, target).ok_or_else(plain)?;
        let (number, exports) = self.add(read, &target)?;
        let mut taken = Vec::new();
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let (theirs, ours) = name
                .split_once(" as ")
                .map_or((name, name), |(a, b)| (a.trim(), b.trim()));
            if !exports.iter().any(|export| export == theirs) {
                return Err(format!("{place}: {target} exports no {theirs}"));
            }
            taken.push(if theirs == ours {
                ours.to_owned()
            } else {
                format!("{theirs}:{ours}")
            });
        }
        Ok(format!("const{{{}}}=$m{number};", taken.join(",")))
    }
}

/// The name that a declaration gives.
fn exported(declaration: &str) -> Option<String> {
    let after = ["async function ", "function ", "class ", "const "]
        .into_iter()
        .find_map(|keyword| declaration.strip_prefix(keyword))?;
    let name = after
        .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
        .next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// A relative path, from the root of the assets.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    if !target.starts_with("./") && !target.starts_with("../") {
        return None;
    }
    for part in target.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(files: &[(&str, &str)]) -> Result<String, String> {
        let read = |path: &str| {
            files
                .iter()
                .find(|(name, _)| *name == path)
                .map(|(_, text)| (*text).to_owned())
                .ok_or(format!("{path}: not there"))
        };
        bundle(&read, "js/main.js")
    }

    #[test]
    fn what_is_imported_comes_first_and_once() {
        let code = join(&[
            (
                "js/main.js",
                "import {\n  a,\n  b as c,\n} from './core/a.js';\nimport { d } from './d.js';\nc(a, d);",
            ),
            (
                "js/core/a.js",
                "import { d } from '../d.js';\nexport const a = d;\nexport function b() {}\n",
            ),
            ("js/d.js", "// export nothing\nexport class d {}\n"),
        ])
        .unwrap();
        assert_eq!(code.matches("class d").count(), 1);
        assert!(code.find("class d").unwrap() < code.find("const a").unwrap());
        assert!(
            code.contains("const{a,b:c}=$m1;") && code.contains("const{d}=$m0;"),
            "{code}"
        );
        assert!(code.contains("return{a,b};"), "{code}");
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        for (main, words) in [
            ("import { x } from './d.js';", "exports no x"),
            ("import d from './d.js';", "js/main.js:1"),
            ("import * as d from './d.js';", "js/main.js:1"),
            ("import { d } from 'd';", "js/main.js:1"),
            ("import { d } from './missing.js';", "js/missing.js: not there"),
            ("\nexport default 1;", "js/main.js:2"),
            ("export let x = 1;", "js/main.js:1"),
            ("export { x };", "js/main.js:1"),
            ("const d = import('./d.js');", "`import`"),
            ("import { e } from './e.js';", "cycle"),
        ] {
            let error = join(&[
                ("js/main.js", main),
                ("js/d.js", "export class d {}"),
                ("js/e.js", "import { x } from './main.js';\nexport const e = 1;"),
            ])
            .unwrap_err();
            assert!(error.contains(words), "{main}: {error}");
        }
    }
}
