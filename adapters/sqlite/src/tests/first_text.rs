//! What is kept of the text that an edited message was first sent with.

use chat_ports::{Conflict, StoreError};
use sha2::{Digest, Sha256};

use super::sample::Sample;

/// What lies in the column, of every message.
fn digests(sample: &Sample) -> Vec<Option<Vec<u8>>> {
    let database = sample.database();
    let sql = "SELECT first_digest FROM messages WHERE event = 'message' ORDER BY id";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[tokio::test]
async fn of_an_edited_message_only_the_sealed_digest_of_its_first_text_is_kept() {
    let sample = Sample::new();
    let ada = sample.user("ada").await;
    let room = sample.room(&ada, "tides").await;
    let edited = sample.say(&ada, room, "hi", "one").await.unwrap();
    sample.say(&ada, room, "hi", "two").await.unwrap();
    assert_eq!(digests(&sample), [None, None]);
    for text in ["ho", "hu"] {
        sample.edit(&ada, &edited, text).await;
        let kept = digests(&sample);
        let label = format!("messages.first_digest#{}:", edited.id);
        let digest = kept[0].as_ref().unwrap().strip_prefix(label.as_bytes());
        let expected = Sha256::digest("hi");
        assert_eq!(digest, Some(expected.as_slice()), "after the edit to {text:?}");
        assert_eq!(kept[1], None);
    }
    sample.delete(&ada, &edited).await;
    assert_eq!(
        digests(&sample),
        [None, None],
        "nothing is kept of what was deleted"
    );
}

/// Edits that are older than the column, and a digest that does not open.
#[tokio::test]
async fn a_first_text_that_is_not_known_any_more() {
    let sample = Sample::new();
    let ada = sample.user("ada").await;
    let room = sample.room(&ada, "tides").await;
    let first = sample.say(&ada, room, "hi", "one").await.unwrap();
    sample.edit(&ada, &first, "ho").await;
    sample.write("UPDATE messages SET first_digest = NULL");
    for text in ["hi", "ho", "whatever"] {
        let again = sample.say(&ada, room, text, "one").await.unwrap();
        assert_eq!(again.id, first.id, "an honest attempt is never turned down");
    }
    sample.edit(&ada, &first, "hu").await;
    assert_eq!(digests(&sample), [None], "its second text is not its first one");
    sample.write("UPDATE messages SET first_digest = x'00'");
    let again = sample.say(&ada, room, "hi", "one").await;
    assert!(
        matches!(again, Err(StoreError::Conflict(Conflict::ClientIdReused { stored })) if stored == first.id),
        "{again:?}"
    );
}
