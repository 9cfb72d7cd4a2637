//! Modules into one file. A module may import and export only in the plain forms that the house style has, so that
//! joining them is no more than wrapping each into a function:
//!
//! ```js
//! import { a, b as c } from './other.js';
//! export function f() {}            // also async function, class, const
//! const { d } = await import('./later.js');
//! ```
//!
//! What is imported by the last form goes into a file of its own, with all that it alone needs: `load`, a function of the
//! module that the caller names, fetches it with its integrity (an import by the browser itself would carry none).

use std::collections::{BTreeMap, BTreeSet};

use super::javascript::{Kind, pieces, without_comments};

#[derive(Default)]
struct Bundle {
    /// Path of a module to its number and its exports.
    done: BTreeMap<String, (usize, Vec<String>)>,
    /// Modules that are being read: to meet one of them again is a cycle.
    open: Vec<String>,
    /// Modules that are loaded later, in the order in which they were met.
    later: Vec<String>,
    /// Numbers of modules of the first file that later ones need.
    shared: BTreeSet<usize>,
    /// How many modules the first file has, once it is whole.
    first: Option<usize>,
    code: String,
}

/// A module and everything that it needs at once, and what it loads later.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) code: String,
    /// Path of a module that is loaded later to its file.
    pub(crate) later: BTreeMap<String, String>,
    /// What the first file hands to the later ones, as text of its source.
    shared: String,
    loader: String,
}

/// Joins a module and everything that it imports, what is imported first. `read` gives a module's source; `loader` is the
/// module whose `loadLater` fetches what is loaded later.
pub(crate) fn bundle(read: Reader<'_>, entry: &str, loader: &str) -> Result<Joined, String> {
    let mut bundle = Bundle::default();
    bundle.add(read, entry)?;
    let mut load = String::new();
    if !bundle.later.is_empty() {
        load = format!("$m{}", bundle.add(read, loader)?.0);
    }
    let code = std::mem::take(&mut bundle.code);
    bundle.first = Some(bundle.done.len());
    let mut later = BTreeMap::new();
    // What one loads later may load more.
    while let Some(path) = bundle
        .later
        .iter()
        .find(|path| !later.contains_key(*path))
        .cloned()
    {
        later.insert(path.clone(), bundle.later_file(read, &path)?);
    }
    let shared: Vec<String> = bundle.shared.iter().map(|number| format!("$m{number}")).collect();
    Ok(Joined {
        code,
        later,
        shared: shared.join(","),
        loader: load,
    })
}

impl Joined {
    /// The first file, which finds each later one under the address and with the integrity that are given for its path.
    pub(crate) fn first(&self, places: &BTreeMap<String, (String, String)>) -> String {
        let Self {
            code, shared, loader, ..
        } = self;
        if self.later.is_empty() {
            return code.clone();
        }
        let listed: Vec<String> = places
            .iter()
            .map(|(path, (address, integrity))| format!("{path:?}:[{address:?},{integrity:?}]"))
            .collect();
        let places = listed.join(",");
        format!(
            "{code}const $places={{{places}}};\nconst $load=async(path)=>(await \
             {loader}.loadLater(path,...$places[path]))({{{shared},$load}});\n"
        )
    }
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

    /// The file of a module that is loaded later: it hands a function to who asked for it, which makes the module's exports
    /// of what the first file shares.
    fn later_file(&mut self, read: Reader<'_>, path: &str) -> Result<String, String> {
        if self.done.contains_key(path) {
            return Err(format!("{path} is loaded at once and later"));
        }
        let before = std::mem::take(&mut self.shared);
        let (number, _) = self.add(read, path)?;
        let code = std::mem::take(&mut self.code);
        let needed: Vec<String> = self.shared.iter().map(|number| format!("$m{number}")).collect();
        self.shared.extend(before);
        let needed = needed.join(",");
        Ok(format!(
            "dispatchEvent(Object.assign(new Event({path:?}),{{make:({{{needed},$load}})=>{{\n{code}return $m{number};\n}}}}));\n"
        ))
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
        let body = self.take_later(path, &body)?;
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

    /// Replaces `import('./x.js')` by the loading of that file.
    fn take_later(&mut self, path: &str, body: &str) -> Result<String, String> {
        let pieces = pieces(body);
        let mut out = String::with_capacity(body.len());
        let mut rest = pieces.as_slice();
        while let Some(((kind, text), after)) = rest.split_first() {
            let called = (*kind == Kind::Word && *text == "import")
                .then(|| literal_call(after))
                .flatten();
            if let Some(target) = called {
                let target =
                    resolve(path, &target).ok_or_else(|| format!("{path}: {target} is no module of ours"))?;
                out.push_str("$load(\"");
                out.push_str(&target);
                out.push_str("\")");
                if !self.later.contains(&target) {
                    self.later.push(target);
                }
                rest = after.get(3..).unwrap_or_default();
            } else {
                out.push_str(text);
                rest = after;
            }
        }
        Ok(out)
    }

    /// A later file may take what the first one has, and what is its own.
    fn share(&mut self, number: usize, target: &str) -> Result<(), String> {
        let Some(first) = self.first else { return Ok(()) };
        let own = self.code.contains(&format!("const $m{number}="));
        if number < first {
            self.shared.insert(number);
        } else if !own {
            return Err(format!(
                "{target} is needed by two files that are loaded later: load it at once"
            ));
        }
        Ok(())
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
        self.share(number, &target)?;
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

/// What stands in a text before it, and in the parentheses of the call that begins there.
fn literal_call(pieces: &[(Kind, &str)]) -> Option<String> {
    match pieces {
        [(Kind::Sign, "("), (Kind::Literal, text), (Kind::Sign, ")"), ..] => {
            Some(text.trim_matches(['\'', '"']).to_owned())
        }
        _ => None,
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
        bundle(&read, "js/main.js", "js/load.js").map(|joined| joined.first(&BTreeMap::new()))
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
    fn what_is_imported_later_is_a_file_of_its_own() {
        let files = [
            (
                "js/main.js",
                "import { a } from './a.js';\nconst later = () => import('./b.js');",
            ),
            ("js/a.js", "export const a = 1;"),
            (
                "js/b.js",
                "import { a } from './a.js';\nimport { c } from './c.js';\nexport const b = a + c;",
            ),
            ("js/c.js", "export const c = 2;"),
            ("js/load.js", "export function loadLater() {}"),
        ];
        let read = |path: &str| {
            let found = files.iter().find(|(name, _)| *name == path);
            found.map(|(_, text)| (*text).to_owned()).ok_or(path.to_owned())
        };
        let joined = bundle(&read, "js/main.js", "js/load.js").unwrap();
        let place = (
            "js/b.js".to_owned(),
            ("/b.1.js".to_owned(), "sha384-x".to_owned()),
        );
        let first = joined.first(&[place].into());
        assert!(
            first.contains("const later = () => $load(\"js/b.js\");"),
            "{first}"
        );
        assert!(
            first.contains("\"js/b.js\":[\"/b.1.js\",\"sha384-x\"]"),
            "{first}"
        );
        assert!(
            first.contains("({$m0,$load})") && !first.contains("const c = 2"),
            "{first}"
        );
        let later = &joined.later["js/b.js"];
        assert!(
            later.contains("({$m0,$load})=>") && later.contains("const c = 2"),
            "{later}"
        );
        assert!(!later.contains("const a = 1"), "{later}");
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
            ("const d = import(name);", "`import`"),
            (
                "import { d } from './d.js';\nconst later = () => import('./d.js');",
                "at once and later",
            ),
            (
                "const one = () => import('./f.js');\nconst two = () => import('./g.js');",
                "two files",
            ),
            ("import { e } from './e.js';", "cycle"),
        ] {
            let error = join(&[
                ("js/main.js", main),
                ("js/d.js", "export class d {}"),
                ("js/e.js", "import { x } from './main.js';\nexport const e = 1;"),
                ("js/f.js", "import { d } from './d.js';\nexport const f = d;"),
                ("js/g.js", "import { d } from './d.js';\nexport const g = d;"),
                ("js/load.js", "export function loadLater() {}"),
            ])
            .unwrap_err();
            assert!(error.contains(words), "{main}: {error}");
        }
    }
}
