//! The names under which files are served, and the page that refers to them.

use std::collections::BTreeMap;

use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256, Sha384};

/// Every file's name to the address under which it is served: a name with the hash of the content, so that it can
/// be kept for ever.
pub(crate) fn hashed(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, String> {
    let address = |(name, bytes): (&String, &Vec<u8>)| {
        let digest = HEXLOWER.encode(&Sha256::digest(bytes));
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, "bin"));
        let short = digest.get(..16).unwrap_or_default();
        (name.clone(), format!("/assets/{stem}.{short}.{ending}"))
    };
    files.iter().map(address).collect()
}

/// Of every file the address under which it is served, and its integrity.
pub(crate) fn places(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, (String, String)> {
    let addresses = hashed(files).into_iter();
    let place = |(name, address): (String, String)| {
        let integrity = files.get(&name).map(|bytes| integrity(bytes)).unwrap_or_default();
        (name, (address, integrity))
    };
    addresses.map(place).collect()
}

/// What a browser compares a file with (W3C Subresource Integrity).
fn integrity(bytes: &[u8]) -> String {
    format!("sha384-{}", BASE64.encode(&Sha384::digest(bytes)))
}

/// The text with every `"/assets/…"` under its hashed name; the first unknown one as error.
pub(crate) fn rename(text: &str, hashed: &BTreeMap<String, String>) -> Result<String, String> {
    replace(text, hashed, |_, _| String::new())
}

/// The page: as [`rename`], with the integrity of every script and style sheet.
pub(crate) fn page(
    html: &str,
    hashed: &BTreeMap<String, String>,
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<String, String> {
    replace(html, hashed, |tag, name| {
        let checked = tag.starts_with("<script") || tag.contains("rel=\"stylesheet\"");
        match files.get(name).filter(|_| checked) {
            Some(bytes) => format!(" integrity=\"{}\"", integrity(bytes)),
            None => String::new(),
        }
    })
}

const PREFIX: &str = "\"/assets/";

fn replace(
    text: &str,
    hashed: &BTreeMap<String, String>,
    suffix: impl Fn(&str, &str) -> String,
) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(PREFIX) {
        let (before, reference) = rest.split_at(at);
        out.push_str(before);
        let reference = reference.get(PREFIX.len()..).unwrap_or_default();
        let (name, after) = reference.split_once('"').ok_or("a reference without an end")?;
        let address = hashed
            .get(name)
            .ok_or_else(|| format!("/assets/{name}, which is not there"))?;
        let tag = out
            .rsplit_once('<')
            .map(|(_, tag)| format!("<{tag}"))
            .unwrap_or_default();
        out.push('"');
        out.push_str(address);
        out.push('"');
        out.push_str(&suffix(&tag, name));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> BTreeMap<String, Vec<u8>> {
        [("js/main.js", "1"), ("css/app.css", "2"), ("img/icon.svg", "3")]
            .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
            .into()
    }

    #[test]
    fn scripts_and_sheets_carry_their_integrity() {
        let files = files();
        let html = r#"<link rel="icon" href="/assets/img/icon.svg"><link rel="stylesheet" href="/assets/css/app.css"><script type="module" src="/assets/js/main.js"></script>"#;
        let page = page(html, &hashed(&files), &files).unwrap();
        assert_eq!(page.matches("integrity=\"sha384-").count(), 2, "{page}");
        assert!(
            page.contains("/assets/js/main.6b86b273ff34fce1.js\" integrity"),
            "{page}"
        );
        assert!(
            page.contains("/assets/img/icon.4e07408562bedb8b.svg\">"),
            "{page}"
        );
    }

    #[test]
    fn a_file_that_is_loaded_later_has_its_integrity_too() {
        let files = files();
        let (address, integrity) = places(&files)["js/main.js"].clone();
        assert_eq!(address, hashed(&files)["js/main.js"]);
        assert!(
            integrity.starts_with("sha384-") && integrity.len() == 71,
            "{integrity}"
        );
    }

    #[test]
    fn an_unknown_file_is_named() {
        let error = rename("url(\"/assets/x.woff2\")", &BTreeMap::new()).unwrap_err();
        assert!(error.contains("x.woff2"));
    }
}
