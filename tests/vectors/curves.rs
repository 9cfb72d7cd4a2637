//! G-1, G-2: what every implementation must take and refuse alike.

use serde_json::{Value, json};

use crate::bytes::{hex, seq, unhex};
use crate::sections::{Book, with};
use crate::world::ALICE;

pub(crate) fn write(book: &mut Book) {
    rfc_8032(book);
    weak_keys(book);
    malleable(book);
    edge_cases(book);
    agreement(book);
}

fn rfc_8032(book: &mut Book) {
    let valid = json!({ "valid": true });
    for (name, public, message, signature) in [
        (
            "RFC 8032, test 1",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e\
             7a100b",
        ),
        (
            "RFC 8032, test 2",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612\
             bb0c00",
        ),
        (
            "RFC 8032, test 3",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea\
             1ec40a",
        ),
        (
            "RFC 8032, test SHA(abc)",
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa5\
             4ca49f",
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef11773\
             31a704",
        ),
    ] {
        let given = json!({ "pub": public, "msg": message, "sig": signature });
        book.known("G-1", name, "ed25519_verify", given.clone(), &valid);
        book.known(
            "G-1",
            &format!("{name}, another message"),
            "ed25519_verify",
            with(&given, json!({ "msg": format!("{message}00") })),
            &json!({ "valid": false }),
        );
    }
}

/// Fourteen encodings under which a constant signature would pass with a careless verifier.
fn weak_keys(book: &mut Book) {
    let top = |hex: &str| {
        let mut bytes = unhex(hex);
        bytes[31] |= 0x80;
        crate::bytes::hex(bytes)
    };
    let zero = "00".repeat(32);
    let one = format!("01{}", "00".repeat(31));
    let minus_one = format!("ec{}7f", "ff".repeat(30));
    let prime = format!("ed{}7f", "ff".repeat(30));
    let prime_and_one = format!("ee{}7f", "ff".repeat(30));
    let order_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05".to_owned();
    let order_8_other = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a".to_owned();
    let weak = [
        ("y = 0", zero.clone()),
        ("y = 0, top bit", top(&zero)),
        ("y = 1", one.clone()),
        ("y = 1, top bit", top(&one)),
        ("y = -1", minus_one.clone()),
        ("y = -1, top bit", top(&minus_one)),
        ("order 8", order_8.clone()),
        ("order 8, top bit", top(&order_8)),
        ("the other order 8", order_8_other.clone()),
        ("the other order 8, top bit", top(&order_8_other)),
        ("y = p", prime.clone()),
        ("y = p, top bit", top(&prime)),
        ("y = p + 1", prime_and_one.clone()),
        ("y = p + 1, top bit", top(&prime_and_one)),
    ];
    let invalid = json!({ "valid": false });
    for (name, key) in &weak {
        let signature = format!("{key}{}", "00".repeat(32));
        for (what, signature) in [
            ("itself", signature),
            ("the identity point", format!("{one}{}", "00".repeat(32))),
        ] {
            let given = json!({ "pub": key, "msg": hex("anything"), "sig": signature });
            let name = format!("weak key, {name}: R is {what}, S is 0");
            book.known("G-1", &name, "ed25519_verify", given, &invalid);
        }
    }
    let good = ALICE.key(1).sign(b"anything");
    for (name, r) in &weak {
        let given = json!({
            "pub": hex(ALICE.public(1)), "msg": hex("anything"), "sig": format!("{r}{}", hex(&good.0[32..])),
        });
        book.known(
            "G-1",
            &format!("weak R, {name}"),
            "ed25519_verify",
            given,
            &invalid,
        );
    }
}

/// Signatures with another S for the same R, lengths, and a key that is not on the curve.
fn malleable(book: &mut Book) {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let good = ALICE.key(1).sign(b"anything").0;
    let mut more = good;
    let mut carry = 0;
    for (byte, order) in more[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        carry = sum >> 8;
        *byte = u8::try_from(sum & 0xff).unwrap();
    }
    let mut high = good;
    high[63] |= 0x80;
    let mut order_itself = good;
    order_itself[32..].copy_from_slice(&ORDER);
    let given = json!({ "pub": hex(ALICE.public(1)), "msg": hex("anything"), "sig": hex(good) });
    book.known(
        "G-1",
        "a good signature",
        "ed25519_verify",
        given.clone(),
        &json!({ "valid": true }),
    );
    let mut off_curve = ALICE.public(1);
    off_curve.copy_from_slice(&unhex(
        "0200000000000000000000000000000000000000000000000000000000000000",
    ));
    for (name, change) in [
        ("S and the order", json!({ "sig": hex(more) })),
        ("S with its top bit", json!({ "sig": hex(high) })),
        ("S is the order", json!({ "sig": hex(order_itself) })),
        ("a signature of 63 bytes", json!({ "sig": hex(&good[..63]) })),
        (
            "a signature of 65 bytes",
            json!({ "sig": format!("{}00", hex(good)) }),
        ),
        ("no signature", json!({ "sig": "" })),
        ("a key of 31 bytes", json!({ "pub": hex(&ALICE.public(1)[..31]) })),
        (
            "a key of 33 bytes",
            json!({ "pub": format!("{}00", hex(ALICE.public(1))) }),
        ),
        ("a key that is not on the curve", json!({ "pub": hex(off_curve) })),
        ("another key", json!({ "pub": hex(crate::world::BOB.public(1)) })),
    ] {
        book.known(
            "G-1",
            name,
            "ed25519_verify",
            with(&given, change),
            &json!({ "valid": false }),
        );
    }
}

/// The published edge cases (Chalkias, Garillot, Nikolaenko: "Taming the many `EdDSAs`"), in both editions of the set.
fn edge_cases(book: &mut Book) {
    let cases: Value = serde_json::from_str(include_str!("speccheck.json")).unwrap();
    let mut valid = 0;
    for (i, case) in cases.as_array().unwrap().iter().enumerate() {
        let given = json!({ "pub": case["pub_key"], "msg": case["message"], "sig": case["signature"] });
        let out = book.case("G-1", &format!("edge case {i}"), "ed25519_verify", given);
        valid += usize::from(out["valid"] == true);
    }
    // A mixed-order key with a signature that holds without the cofactor is good; nothing else of the set is.
    assert_eq!(valid, 1, "of {}", cases.as_array().unwrap().len());
}

fn agreement(book: &mut Book) {
    let given = |sk: &str, pk: &str| json!({ "sk": sk, "pk": pk });
    book.known(
        "G-2",
        "RFC 7748, 5.2",
        "x25519",
        given(
            "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
            "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
        ),
        &json!({ "shared": "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552" }),
    );
    let both = json!({ "shared": "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" });
    for (name, sk, pk) in [
        (
            "RFC 7748, 6.1: Alice",
            "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
        ),
        (
            "RFC 7748, 6.1: Bob",
            "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
        ),
    ] {
        book.known("G-2", name, "x25519", given(sk, pk), &both);
    }
    let one = format!("01{}", "00".repeat(31));
    for (name, pk) in [
        ("0", "00".repeat(32)),
        ("1", one.clone()),
        (
            "a point of order 8",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800".to_owned(),
        ),
        (
            "another point of order 8",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157".to_owned(),
        ),
        ("p - 1", format!("ec{}7f", "ff".repeat(30))),
        ("p", format!("ed{}7f", "ff".repeat(30))),
        ("p + 1", format!("ee{}7f", "ff".repeat(30))),
        ("0 with its top bit", format!("{}80", "00".repeat(31))),
        ("1 with its top bit", format!("01{}80", "00".repeat(30))),
        ("all ones", "ff".repeat(32)),
    ] {
        book.refused(
            "G-2",
            &format!("low order or not canonical: {name}"),
            "x25519",
            given(&hex(seq::<32>(1)), &pk),
            "weak_key",
        );
    }
    let high = {
        let mut bytes = ALICE.agreement(1);
        bytes[31] |= 0x80;
        hex(bytes)
    };
    let plain = book.case(
        "G-2",
        "a toy key",
        "x25519",
        given(&hex(seq::<32>(1)), &hex(ALICE.agreement(1))),
    );
    book.known(
        "G-2",
        "the same with its top bit, which is not looked at",
        "x25519",
        given(&hex(seq::<32>(1)), &high),
        &plain,
    );
}
