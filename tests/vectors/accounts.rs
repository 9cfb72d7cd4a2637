//! A-1 to A-4, B-1, H-1: passwords, recovery codes, boxes, and what the server keeps.

use serde_json::{Value, json};

use crate::bytes::{hex, seq};
use crate::sections::{Book, with};

pub(crate) fn write(book: &mut Book) {
    passwords(book);
    recovery_codes(book);
    server_records(book);
    keyring(book);
    at_rest(book);
}

fn instance() -> String {
    hex(seq::<16>(0x10))
}

fn passwords(book: &mut Book) {
    let given = json!({
        "password": "Paßﬃ wörd-42", "usr": "alice_1", "instance": instance(), "salt": hex(seq::<16>(0x20)),
        "iterations": 600_000,
    });
    let keys = book.known(
        "A-1",
        "a password with a ligature and an umlaut",
        "account_keys",
        given.clone(),
        &json!({
            "pbkdf2_salt": "d12b3f8cd8ad8c64a222f16beacf2a481f68701ef13a25d92d9569b6e1ee1fa0",
            "mk": "83cf1e535e9ed9e00a9f9be1055e8ee3b5905f051c6d9d5cdac1ab97aed9bb24",
            "auth_key": "44dc299cb8ab8f37cd69214318e009f482e7b4dd2a6c88df083d65d721d7446d",
            "wrap_key": "91c28e04e8309b2785781367c3b5afa70cdad134a1a4bc1a60918c611cc710be",
        }),
    );
    let decomposed = with(&given, json!({ "password": "Paßﬃ wo\u{308}rd-42" }));
    book.known(
        "A-1",
        "the same, decomposed and without the ligature",
        "account_keys",
        with(&decomposed, json!({ "password": "Paßffi wo\u{308}rd-42" })),
        &keys,
    );
    let sharp = with(&given, json!({ "password": "Passﬃ wörd-42" }));
    let other = book.case("A-1", "ss for ß is another password", "account_keys", sharp);
    assert_ne!(other, keys);
    for (name, change) in [
        ("fewer than 600,000 iterations", json!({ "iterations": 599_999 })),
        (
            "more than 10,000,000 iterations",
            json!({ "iterations": 10_000_001 }),
        ),
        ("a salt of 15 bytes", json!({ "salt": hex(seq::<15>(0x20)) })),
        ("7 characters", json!({ "password": "1234567" })),
        (
            "7 characters after normalising",
            json!({ "password": "123456e\u{301}" }),
        ),
        ("1,025 bytes", json!({ "password": "x".repeat(1025) })),
    ] {
        book.refused("A-1", name, "account_keys", with(&given, change), "kdf_refused");
    }

    let context = book.case(
        "A-1",
        "what the box is bound to",
        "box_context",
        with(&given, json!({ "blob": "amk_pw" })),
    );
    let seal = json!({
        "key": keys["wrap_key"], "purpose": "amk-pw", "ctx": context["ctx"], "iv": hex(seq::<12>(0x60)),
        "pt": hex(seq::<32>(0x40)),
    });
    let amk_pw = "01606162636465666768696a6b332780174dd395b9be219e4d512f7855d225893566137fb060480215989a010c9326dfc2f1\
        871d69738436c78f382c27";
    let sealed = book.known(
        "A-1",
        "the master key under the password",
        "box_seal",
        seal.clone(),
        &json!({ "box": amk_pw }),
    );
    opens_only_as_it_was_sealed(book, "A-1", &seal, &sealed["box"]);
    for (name, change) in [
        ("the box of another name", json!({ "usr": "alice_2" })),
        (
            "the box of another installation",
            json!({ "instance": hex(seq::<16>(0x11)) }),
        ),
        ("the box of another salt", json!({ "salt": hex(seq::<16>(0x21)) })),
        ("the box of more iterations", json!({ "iterations": 600_001 })),
    ] {
        let given = with(&with(&given, json!({ "blob": "amk_pw" })), change);
        elsewhere(book, "A-1", name, &given, &seal, &sealed["box"]);
    }
}

/// A box in the place of another.
fn elsewhere(book: &mut Book, section: &str, name: &str, place: &Value, seal: &Value, sealed: &Value) {
    let context = book.case(section, &format!("context: {name}"), "box_context", place.clone());
    let given =
        json!({ "key": seal["key"], "purpose": seal["purpose"], "ctx": context["ctx"], "box": sealed });
    book.refused(section, name, "box_open", given, "bad_box");
}

fn opens_only_as_it_was_sealed(book: &mut Book, section: &str, seal: &Value, sealed: &Value) {
    let purpose = seal["purpose"].as_str().unwrap();
    let given = json!({ "key": seal["key"], "purpose": purpose, "ctx": seal["ctx"], "box": sealed });
    book.known(
        section,
        &format!("{purpose}: opened"),
        "box_open",
        given.clone(),
        &json!({ "pt": seal["pt"] }),
    );
    let text = sealed.as_str().unwrap();
    let flipped = |at: usize| {
        let mut bytes = crate::bytes::unhex(text);
        bytes[at] ^= 1;
        hex(bytes)
    };
    let last = text.len() / 2 - 1;
    for (name, change) in [
        ("another version", json!({ "box": flipped(0) })),
        ("a changed IV", json!({ "box": flipped(1) })),
        ("a changed ciphertext", json!({ "box": flipped(13) })),
        ("a changed tag", json!({ "box": flipped(last) })),
        ("cut off", json!({ "box": text[..text.len() - 2] })),
        ("only a version", json!({ "box": "01" })),
        ("nothing", json!({ "box": "" })),
        ("another key", json!({ "key": hex(seq::<32>(0x99)) })),
        (
            "another purpose",
            json!({ "purpose": if purpose == "state" { "drafts" } else { "state" } }),
        ),
    ] {
        book.refused(
            section,
            &format!("{purpose}: {name}"),
            "box_open",
            with(&given, change),
            "bad_box",
        );
    }
}

fn recovery_codes(book: &mut Book) {
    let entropy = hex(seq::<17>(0x70));
    let code = "E1RQ-4WVM-ENV7-EY3S-F9XQ-RZBY-FY0B-ZHPH";
    book.known(
        "A-2",
        "written",
        "recovery_code",
        json!({ "entropy": entropy }),
        &json!({ "code": code }),
    );
    let zeros = book.case(
        "A-2",
        "of zeros",
        "recovery_code",
        json!({ "entropy": hex([0; 17]) }),
    );
    book.case(
        "A-2",
        "of ones",
        "recovery_code",
        json!({ "entropy": hex([0xff; 17]) }),
    );
    let read = json!({ "entropy": entropy });
    for (name, typed) in [
        ("read", code.to_owned()),
        (
            "read in small letters, with spaces",
            code.to_lowercase().replace('-', " "),
        ),
        ("read without hyphens", code.replace('-', "")),
        ("O for 0, L for 1", code.replace('0', "O").replace('1', "l")),
        ("I for 1", code.replace('1', "I")),
    ] {
        book.known("A-2", name, "recovery_parse", json!({ "code": typed }), &read);
    }
    for (name, typed) in [
        ("one character mistyped", code.replacen('E', "F", 1)),
        ("two characters exchanged", code.replacen("RQ", "QR", 1)),
        ("too short", code[..code.len() - 1].to_owned()),
        ("too long", format!("{code}0")),
        ("a U, which the alphabet has not", code.replacen('V', "U", 1)),
        ("an underscore for a hyphen", code.replace('-', "_")),
        ("nothing", String::new()),
        ("zeros without their check", "0".repeat(32)),
    ] {
        book.refused(
            "A-2",
            name,
            "recovery_parse",
            json!({ "code": typed }),
            "bad_recovery_code",
        );
    }
    assert_ne!(zeros["code"], "0".repeat(32));

    let keys = book.known(
        "A-2",
        "what is derived",
        "recovery_keys",
        json!({ "entropy": entropy, "instance": instance(), "usr": "alice_1" }),
        &json!({
            "rec_auth": "60d8a1889fd00be9aba2bbfc1d16422c7e680c48df8feb7980ad9249eb7afb17",
            "rec_wrap": "13f68f92a5f9ea584618252467d63fbdda12f46c571ba48fbb8faebd6ca5a19c",
            "rec_verifier": "9fe02dc3a7f05142fec27e2b4960802b5da475da48be31b1973a79433c19b296",
        }),
    );
    let place = json!({ "blob": "amk_rec", "instance": instance(), "usr": "alice_1" });
    let context = book.case("A-2", "what the box is bound to", "box_context", place);
    let seal = json!({
        "key": keys["rec_wrap"], "purpose": "amk-rec", "ctx": context["ctx"], "iv": hex(seq::<12>(0x90)),
        "pt": hex(seq::<32>(0x40)),
    });
    let amk_rec = "01909192939495969798999a9b58bb994190a5931ea9c84adbcfc387c7ef11da1689963828940bf707b2975e4cac894305ea\
        3c6f9fa7224f5602bea4b9";
    let sealed = book.known(
        "A-2",
        "the master key under the code",
        "box_seal",
        seal.clone(),
        &json!({ "box": amk_rec }),
    );
    opens_only_as_it_was_sealed(book, "A-2", &seal, &sealed["box"]);
}

fn server_records(book: &mut Book) {
    let argon = book.known(
        "A-3",
        "Argon2id with a pepper and associated data",
        "server_argon2id",
        json!({
            "auth_key": "44dc299cb8ab8f37cd69214318e009f482e7b4dd2a6c88df083d65d721d7446d",
            "argon_salt": hex(seq::<16>(0xc0)), "pepper": hex(seq::<32>(0xa0)), "user_id": 42, "m_kib": 65536, "t": 3,
            "p": 1,
        }),
        &json!({ "argon_out": "27c5a617fcea2430351155a4862534fcf0f0e5b9516d7b58cb7dc920e209d383d89252e818da3a5fc6a149024\
            8e7411c2ffe9cc65e3b366f6ac3018889b51a7b" }),
    );
    book.case(
        "A-3",
        "with the parameters of small machines",
        "server_argon2id",
        json!({
            "auth_key": hex(seq::<32>(0x44)), "argon_salt": hex(seq::<16>(0xc0)), "pepper": hex(seq::<32>(0xa0)),
            "user_id": 1, "m_kib": 19456, "t": 2, "p": 1,
        }),
    );
    let split = book.known(
        "A-3",
        "its two halves",
        "server_verifier",
        argon,
        &json!({
            "verifier": "fbb66cfde112a98f3efa2d5fd215dd84fe6bc39faa9c4ade0cdf90b0e8e1bda2",
            "outer_key": "d89252e818da3a5fc6a1490248e7411c2ffe9cc65e3b366f6ac3018889b51a7b",
        }),
    );
    let amk_pw = "01606162636465666768696a6b332780174dd395b9be219e4d512f7855d225893566137fb060480215989a010c9326dfc2f1\
        871d69738436c78f382c27";
    let outer = "18191a1b1c1d1e1f202122232425262728292a2b2c2d2e2fede43aec382d88164f2032a100944de90db99def7beae4f97a51fb9\
        951734ad3721201dca6384beab4d0f480ea67ba4a432ecd14631b0c0819f067a8a62fbc2f55e2887549d34ce26c0c81d8ed";
    book.known(
        "A-3",
        "the outer lock",
        "outer_seal",
        json!({ "outer_key": split["outer_key"], "user_id": 42, "nonce": hex(seq::<24>(0x18)), "amk_pw": amk_pw }),
        &json!({ "outer": outer }),
    );
    let open = json!({ "outer_key": split["outer_key"], "user_id": 42, "outer": outer });
    book.known(
        "A-3",
        "the outer lock, opened",
        "outer_open",
        open.clone(),
        &json!({ "amk_pw": amk_pw }),
    );
    for (name, change) in [
        ("of another account", json!({ "user_id": 43 })),
        (
            "under another password",
            json!({ "outer_key": hex(seq::<32>(0x01)) }),
        ),
        ("changed", json!({ "outer": outer.replacen("ede4", "ede5", 1) })),
        ("cut off", json!({ "outer": outer[..46] })),
    ] {
        book.refused(
            "A-3",
            &format!("the outer lock, {name}"),
            "outer_open",
            with(&open, change),
            "bad_box",
        );
    }
    book.known(
        "A-4",
        "a name that nobody has",
        "fake_salt",
        json!({ "prelogin_key": hex(seq::<32>(0xaa)), "usr": "nobody" }),
        &json!({ "salt": "43a8640e6e9ae10a85a5573cf7f0ca05" }),
    );
    book.case(
        "A-4",
        "another such name",
        "fake_salt",
        json!({ "prelogin_key": hex(seq::<32>(0xaa)), "usr": "nobody_2" }),
    );
    book.case(
        "A-4",
        "the same name elsewhere",
        "fake_salt",
        json!({ "prelogin_key": hex(seq::<32>(0xab)), "usr": "nobody" }),
    );
}

fn keyring(book: &mut Book) {
    let keys = book.known(
        "B-1",
        "the keys under the master key",
        "account_subkeys",
        json!({ "amk": hex(seq::<32>(0x40)) }),
        &json!({
            "kek_identity": "4815a90438b75ed998d91d437a9705af9bce47ed449205f04d990d59969eb2da",
            "k_state": "2ba43350762ba073f17ec492d899473f5ecb614841d85cd334a2acb2e897ee1f",
        }),
    );
    private_key(
        book,
        &keys["kek_identity"],
        "ed25519",
        &json!({ "blob": "ed_box", "instance": instance(), "usr": "alice_1", "gen": 1 }),
        (0x01, 0x11),
        "79b5562e8fe654f94078b112e8a98ba7901f853ae695bed7e0e3910bad049664",
        "011112131415161718191a1b1c5e64d1e3f5937b2fd372d69f67fa755cb3d08e564ea4eaa6a11463b31a363aad989e262cac4c9b973d95310\
        f539d90ee6238aaab4a78994f27160118c652ef76",
    );
    private_key(
        book,
        &keys["kek_identity"],
        "x25519",
        &json!({ "blob": "x_box", "instance": instance(), "usr": "alice_1", "kem": 1 }),
        (0x21, 0x31),
        "5869aff450549732cbaaed5e5df9b30a6da31cb0e5742bad5ad4a1a768f1a67b",
        "013132333435363738393a3b3cf873468304eed0529a6e44a2aff52bd0e2133a053dcae53a2dad1d41663b2a3ffba522fd6b25e43ec1960abb\
        927fae07446832ec17e48a206903b1b0d93fa33b",
    );
    book.case(
        "B-1",
        "the signature of the self-check",
        "self_check_sign",
        json!({ "ed_seed": hex(seq::<32>(0x01)), "challenge": hex(seq::<32>(0x55)) }),
    );
    let state = json!({ "blob": "state", "instance": instance(), "usr": "alice_1", "version": 7 });
    let context = book.case("B-1", "what the state is bound to", "box_context", state.clone());
    let seal = json!({
        "key": keys["k_state"], "purpose": "state", "ctx": context["ctx"], "iv": hex(seq::<12>(0x51)),
        "pt": hex(br#"{"v":1}"#),
    });
    let sealed = book.case("B-1", "the state", "box_seal", seal.clone());
    opens_only_as_it_was_sealed(book, "B-1", &seal, &sealed["box"]);
    let older = with(&state, json!({ "version": 6 }));
    elsewhere(
        book,
        "B-1",
        "the state of another version",
        &older,
        &seal,
        &sealed["box"],
    );
    book.case(
        "B-1",
        "what drafts are bound to",
        "box_context",
        json!({ "blob": "drafts", "instance": instance(), "usr": "alice_1" }),
    );
}

fn private_key(
    book: &mut Book,
    kek: &Value,
    kind: &str,
    place: &Value,
    (secret, iv): (u8, u8),
    public: &str,
    sealed: &str,
) {
    let key = book.known(
        "B-1",
        &format!("the private key, {kind}"),
        "pkcs8",
        json!({ "kind": kind, "secret": hex(seq::<32>(secret)) }),
        &json!({ "public": public }),
    );
    let pkcs8 = key["pkcs8"].as_str().unwrap();
    book.known(
        "B-1",
        &format!("the private key read, {kind}"),
        "pkcs8_parse",
        json!({ "kind": kind, "pkcs8": pkcs8 }),
        &json!({ "secret": hex(seq::<32>(secret)) }),
    );
    let other = if kind == "ed25519" { "x25519" } else { "ed25519" };
    for (name, kind, pkcs8) in [
        ("of the other kind", other, pkcs8.to_owned()),
        ("cut off", kind, pkcs8[..94].to_owned()),
        ("with a byte more", kind, format!("{pkcs8}00")),
        (
            "in version 2",
            kind,
            pkcs8.replacen("302e020100", "302e020101", 1),
        ),
    ] {
        book.refused(
            "B-1",
            &format!("the private key {name}, {kind}"),
            "pkcs8_parse",
            json!({ "kind": kind, "pkcs8": pkcs8 }),
            "bad_key",
        );
    }
    let context = book.case(
        "B-1",
        &format!("what the box is bound to, {kind}"),
        "box_context",
        place.clone(),
    );
    let seal = json!({
        "key": kek, "purpose": kind, "ctx": context["ctx"], "iv": hex(seq::<12>(iv)), "pt": pkcs8,
    });
    let published = json!({ "box": sealed });
    book.known(
        "B-1",
        &format!("the private key in its box, {kind}"),
        "box_seal",
        seal.clone(),
        &published,
    );
    opens_only_as_it_was_sealed(book, "B-1", &seal, &published["box"]);
    let number = if kind == "ed25519" { "gen" } else { "kem" };
    for (name, change) in [
        ("the box of another number", json!({ number: 2 })),
        ("the box of another name", json!({ "usr": "bob" })),
        (
            "the box of another installation",
            json!({ "instance": hex([0; 16]) }),
        ),
    ] {
        elsewhere(
            book,
            "B-1",
            &format!("{name}, {kind}"),
            &with(place, change),
            &seal,
            &published["box"],
        );
    }
}

fn at_rest(book: &mut Book) {
    let given = json!({
        "alg": 1, "key": hex(seq::<32>(0x80)), "kid": 3, "column": "messages.content", "row": 1001,
        "nonce": hex(seq::<24>(0x00)), "pt": hex("hello at rest"),
    });
    let record = "5253010100000003000102030405060708090a0b0c0d0e0f1011121314151617374efb043a8028d612c60bac7393619d0d822b7ae0\
        306b0e49257d84d6";
    let first = book.known(
        "H-1",
        "XChaCha20-Poly1305",
        "at_rest_seal",
        given.clone(),
        &json!({ "record": record }),
    );
    let aes = with(&given, json!({ "alg": 2, "nonce": hex(seq::<12>(0x00)) }));
    let second = book.case("H-1", "AES-256-GCM", "at_rest_seal", aes);
    for (cipher, record) in [
        ("XChaCha20-Poly1305", &first["record"]),
        ("AES-256-GCM", &second["record"]),
    ] {
        let open = json!({
            "key": given["key"], "column": "messages.content", "row": 1001, "record": record,
        });
        book.known(
            "H-1",
            &format!("{cipher}: opened"),
            "at_rest_open",
            open.clone(),
            &json!({ "pt": given["pt"] }),
        );
        let text = record.as_str().unwrap();
        for (name, change) in [
            ("in another row", json!({ "row": 1002 })),
            ("in another column", json!({ "column": "messages.context" })),
            ("in another table", json!({ "column": "users.content" })),
            ("under another key", json!({ "key": hex(seq::<32>(0x81)) })),
            (
                "with another key's number",
                json!({ "record": text.replacen("00000003", "00000004", 1) }),
            ),
            (
                "of another version",
                json!({ "record": text.replacen("525301", "525302", 1) }),
            ),
            ("cut off", json!({ "record": text[..text.len() - 2] })),
            ("of no length", json!({ "record": "" })),
        ] {
            book.refused(
                "H-1",
                &format!("{cipher}: {name}"),
                "at_rest_open",
                with(&open, change),
                "bad_record",
            );
        }
    }
}
