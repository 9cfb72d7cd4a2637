//! Makes the browser client a part of the program: bundles, minifies, hashes and compresses `assets/`, with
//! nothing but `cargo build`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a build that cannot go on is to stop, and cargo speaks to it by the environment"
)]

#[path = "build/bundle.rs"]
mod bundle;
#[path = "build/javascript.rs"]
mod javascript;
#[path = "build/page.rs"]
mod page;
#[path = "build/stylesheet.rs"]
mod stylesheet;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// Modules that the browser loads: each becomes one file with all that it imports, because what a module imports
/// carries no integrity of its own.
const MODULES: [&str; 3] = ["js/main.js", "js/docs.js", "js/e2ee/worker.js"];
/// Fetches what a module loads later.
const LOADER: &str = "js/platform/later.js";
/// Scripts that run before the first paint; they import nothing.
const SCRIPTS: [&str; 1] = ["js/theme.js"];
/// Style sheets, with all that they import.
const SHEETS: [&str; 2] = ["css/app.css", "css/docs.css"];
/// Pages, and the addresses under which they are found.
const PAGES: [(&str, &str); 2] = [("/", "index.html"), ("/api/docs", "docs.html")];
/// What keeps the page in the browser: under an address that never changes, with all that it keeps written into it.
const SERVICE_WORKER: (&str, &str) = ("/service_worker.js", "js/shell/service_worker.js");
/// Where the service worker finds what it keeps.
const SHELL: &str = "js/shell/files.js";
/// What is not part of the page that people chat in.
const NOT_SHELL: [&str; 4] = [
    "/api/docs",
    "/assets/js/docs.",
    "/assets/css/docs.",
    "/assets/fonts/OFL.",
];
/// Folders of files that are taken as they are.
const FOLDERS: [&str; 2] = ["fonts", "img"];

fn main() {
    let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets");
    for part in [
        "index.html",
        "docs.html",
        "manifest.json",
        "js",
        "css",
        "fonts",
        "img",
    ] {
        println!("cargo::rerun-if-changed={}", source.join(part).display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(out.join("assets.rs"), build(&source, &out)).unwrap();
}

/// Builds every file into `out` and returns the table of them as Rust source.
fn build(source: &Path, out: &Path) -> String {
    let read = |path: &str| fs::read_to_string(source.join(path)).map_err(|error| format!("{path}: {error}"));
    let mut files = BTreeMap::new();
    for folder in FOLDERS {
        for path in list(&source.join(folder)) {
            let name = path.file_name().unwrap().to_str().unwrap();
            files.insert(format!("{folder}/{name}"), fs::read(&path).unwrap());
        }
    }
    let mut hashed = page::hashed(&files);
    let mut built = BTreeMap::new();
    for sheet in SHEETS {
        let css = stylesheet::bundle(&read, sheet).unwrap_or_else(|error| panic!("{error}"));
        let css = page::rename(&css, &hashed).unwrap_or_else(|unknown| panic!("{sheet} names {unknown}"));
        built.insert(sheet.to_owned(), stylesheet::minify(&css).into_bytes());
    }
    for module in MODULES {
        let joined = bundle::bundle(&read, module, LOADER).unwrap_or_else(|error| panic!("{error}"));
        let mut later = BTreeMap::new();
        for (path, code) in &joined.later {
            later.insert(path.clone(), javascript::minify(code).into_bytes());
        }
        let first = joined.first(&page::places(&later));
        built.insert(module.to_owned(), javascript::minify(&first).into_bytes());
        built.extend(later);
    }
    for script in SCRIPTS {
        let code = fs::read_to_string(source.join(script)).unwrap();
        built.insert(script.to_owned(), javascript::minify(&code).into_bytes());
    }
    hashed.extend(page::hashed(&built));
    files.extend(built);
    let pages = PAGES.map(|(address, name)| {
        let html = read(name).unwrap_or_else(|error| panic!("{error}"));
        let html =
            page::page(&html, &hashed, &files).unwrap_or_else(|unknown| panic!("{name} names {unknown}"));
        (address.to_owned(), html.into_bytes())
    });

    let mut served: BTreeMap<String, Vec<u8>> = files
        .into_iter()
        .map(|(name, bytes)| (hashed[&name].clone(), bytes))
        .collect();
    served.extend(pages);
    let worker = service_worker(&read, &served);
    served.insert(SERVICE_WORKER.0.to_owned(), worker.into_bytes());
    let manifest = page::rename(&read("manifest.json").unwrap(), &hashed)
        .unwrap_or_else(|unknown| panic!("manifest.json names {unknown}"));
    table(&served, out) + &format!("static MANIFEST: &str = {manifest:?};\n")
}

/// The service worker with the addresses and hashes of all that belongs to the page.
fn service_worker(read: bundle::Reader<'_>, served: &BTreeMap<String, Vec<u8>>) -> String {
    let shell: BTreeMap<&String, String> = served
        .iter()
        .filter(|(path, _)| !NOT_SHELL.iter().any(|other| path.starts_with(other)))
        .map(|(path, bytes)| (path, HEXLOWER.encode(&Sha256::digest(bytes))))
        .collect();
    let listed = |(path, digest): (&&String, &String)| format!("[{path:?},{digest:?}]");
    let files = shell.iter().map(listed).collect::<Vec<_>>().join(",");
    let root = HEXLOWER.encode(&Sha256::digest(&files));
    let with_files = move |path: &str| {
        if path == SHELL {
            return Ok(format!(
                "export const SHELL = {{ root: {root:?}, files: [{files}] }};\n"
            ));
        }
        read(path)
    };
    let joined =
        bundle::bundle(&with_files, SERVICE_WORKER.1, LOADER).unwrap_or_else(|error| panic!("{error}"));
    javascript::minify(&joined.code)
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

/// The table that `src/assets.rs` includes, sorted by path.
fn table(served: &BTreeMap<String, Vec<u8>>, out: &Path) -> String {
    let mut source = String::from("static ASSETS: &[Asset] = &[\n");
    let mut manifest = String::new();
    for (number, (path, bytes)) in served.iter().enumerate() {
        let digest = HEXLOWER.encode(&Sha256::digest(bytes));
        writeln!(manifest, "{path}\0{digest}").unwrap();
        let identity = store(out, number, "plain", Some(bytes)).unwrap();
        let brotli = store(out, number, "br", smaller(brotli(bytes), bytes).as_deref());
        let gzip = store(out, number, "gz", smaller(gzip(bytes), bytes).as_deref());
        writeln!(
            source,
            "    Asset {{ path: {path:?}, content_type: {:?}, digest: {digest:?}, immutable: {}, identity: {identity}, \
             brotli: {}, gzip: {} }},",
            content_type(path),
            !is_page(path) && path != SERVICE_WORKER.0,
            option(brotli.as_deref()),
            option(gzip.as_deref()),
        )
        .unwrap();
    }
    writeln!(
        source,
        "];\nstatic ROOT_HASH: &str = {:?};",
        HEXLOWER.encode(&Sha256::digest(&manifest))
    )
    .unwrap();
    source
}

fn store(out: &Path, number: usize, coding: &str, bytes: Option<&[u8]>) -> Option<String> {
    let path = out.join(format!("asset-{number}.{coding}"));
    fs::write(&path, bytes?).unwrap();
    Some(format!("include_bytes!(\"{}\")", path.display()))
}

fn option(value: Option<&str>) -> String {
    value.map_or_else(|| "None".to_owned(), |value| format!("Some({value})"))
}

fn smaller(compressed: Vec<u8>, plain: &[u8]) -> Option<Vec<u8>> {
    (compressed.len() + 32 < plain.len()).then_some(compressed)
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 4_096, 11, 22);
    writer.write_all(bytes).unwrap();
    writer.into_inner()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn is_page(path: &str) -> bool {
    PAGES.iter().any(|(address, _)| *address == path)
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        _ if is_page(path) => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => panic!("{path}: of which type is this?"),
    }
}
