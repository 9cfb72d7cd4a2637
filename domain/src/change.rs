//! Changes to what was said: edits, deletions, reactions. Each is let through by the rules here and carried out by
//! the store, which checks again what may have changed meanwhile.

use crate::{
    EventId, Refusal, RoomId, Timestamp, UserId,
    event::Emoji,
    message::{Content, DeletedBy, Message, MessageBody},
    room::{self, Member},
};

/// Another text for a message. Only [`edit`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Where.
    pub room_id: RoomId,
    /// Which message.
    pub target: EventId,
    /// Whose it is, and who edits it: the same.
    pub author: UserId,
    /// Its new text.
    pub content: Content,
    /// Now.
    pub at: Timestamp,
    allowed: Allowed,
}

/// The emptying of a message. Only [`delete`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// Where.
    pub room_id: RoomId,
    /// Which message.
    pub target: EventId,
    /// Who does it.
    pub user_id: UserId,
    /// In whose name.
    pub by: DeletedBy,
    /// Now.
    pub at: Timestamp,
    allowed: Allowed,
}

/// An emoji to be put under a message, or taken back. Only [`react`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactionChange {
    /// Where.
    pub room_id: RoomId,
    /// Which message.
    pub target: EventId,
    /// Whose reaction.
    pub user_id: UserId,
    /// Which emoji.
    pub emoji: Emoji,
    /// Put there, or taken back.
    pub added: bool,
    /// Now.
    pub at: Timestamp,
    allowed: Allowed,
}

/// Cannot be made elsewhere, so that the functions below are the only way to a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Allowed;

/// Lets authors give their messages another text, where they could also say something new.
///
/// # Errors
/// [`Refusal::Forbidden`]; [`Refusal::NotFound`] for a message of another room or one that was deleted; those of
/// [`room::may_post`].
pub fn edit(member: &Member, message: &Message, content: Content, at: Timestamp) -> Result<Edit, Refusal> {
    exists_for(member, message)?;
    if message.author != member.user().id {
        return Err(Refusal::Forbidden);
    }
    let may_post = room::may_post(member)?;
    Ok(Edit {
        room_id: may_post.room().id,
        target: message.id,
        author: message.author,
        content,
        at,
        allowed: Allowed,
    })
}

/// Lets a message be emptied by its author, a moderator of the room, or an administrator of the server.
///
/// # Errors
/// [`Refusal::Forbidden`]; [`Refusal::NotFound`] for a message of another room or one that was deleted.
pub fn delete(member: &Member, message: &Message, at: Timestamp) -> Result<Deletion, Refusal> {
    exists_for(member, message)?;
    let by = match (message.author == member.user().id, member.moderates()) {
        (true, _) => DeletedBy::Author,
        (false, true) => DeletedBy::Moderator,
        (false, false) => return Err(Refusal::Forbidden),
    };
    Ok(Deletion {
        room_id: member.room().id,
        target: message.id,
        user_id: member.user().id,
        by,
        at,
        allowed: Allowed,
    })
}

/// Lets those react who may post.
///
/// # Errors
/// Those of [`room::may_post`]; [`Refusal::NotFound`] for a message of another room or one that was deleted.
pub fn react(
    member: &Member,
    message: &Message,
    emoji: Emoji,
    added: bool,
    at: Timestamp,
) -> Result<ReactionChange, Refusal> {
    exists_for(member, message)?;
    let may_post = room::may_post(member)?;
    Ok(ReactionChange {
        room_id: may_post.room().id,
        target: message.id,
        user_id: may_post.user().id,
        emoji,
        added,
        at,
        allowed: Allowed,
    })
}

fn exists_for(member: &Member, message: &Message) -> Result<(), Refusal> {
    let said = matches!(message.body, MessageBody::Said(_));
    if said && message.room_id == member.room().id {
        Ok(())
    } else {
        Err(Refusal::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MessageType, Role, Seq, Username, room::tests::member_of};

    const NOW: Timestamp = Timestamp::from_millis(5);

    fn said() -> MessageBody {
        MessageBody::Said(Content::parse("hi".into()).unwrap())
    }

    fn message(room: u64, author: u64, body: MessageBody) -> Message {
        Message {
            id: EventId::parse(9).unwrap(),
            room_id: RoomId::parse(room).unwrap(),
            seq: Seq::ZERO.next(),
            author: UserId::parse(author).unwrap(),
            username: Username::parse("somebody").unwrap(),
            body,
            message_type: MessageType::Text,
            reply_to: None,
            client_id: None,
            at: Timestamp::default(),
            edited_at: None,
            reactions: Vec::new(),
        }
    }

    fn may_edit(member: &Member, message: &Message) -> Result<(), Refusal> {
        edit(member, message, Content::parse("ho".into()).unwrap(), NOW).map(drop)
    }

    fn may_delete(member: &Member, message: &Message) -> Result<DeletedBy, Refusal> {
        delete(member, message, NOW).map(|deletion| deletion.by)
    }

    fn may_react(member: &Member, message: &Message) -> Result<(), Refusal> {
        react(member, message, Emoji::parse("👍").unwrap(), true, NOW).map(drop)
    }

    #[test]
    fn who_may_edit_delete_and_react() {
        let (mine, theirs) = (message(1, 1, said()), message(1, 2, said()));
        let ordinary = member_of(Role::Member, false, false);
        assert_eq!(may_edit(&ordinary, &mine), Ok(()));
        assert_eq!(may_edit(&ordinary, &theirs), Err(Refusal::Forbidden));
        assert_eq!(may_delete(&ordinary, &mine), Ok(DeletedBy::Author));
        assert_eq!(may_delete(&ordinary, &theirs), Err(Refusal::Forbidden));
        assert_eq!(may_react(&ordinary, &theirs), Ok(()));
        for above in [
            member_of(Role::Moderator, false, false),
            member_of(Role::Member, true, false),
        ] {
            assert_eq!(may_delete(&above, &theirs), Ok(DeletedBy::Moderator));
            assert_eq!(may_delete(&above, &mine), Ok(DeletedBy::Author));
            let refused = may_edit(&above, &theirs);
            assert_eq!(refused, Err(Refusal::Forbidden), "nobody puts words into a mouth");
        }
    }

    #[test]
    fn who_is_silenced_neither_reacts_nor_says_new_things_by_editing() {
        let silenced = member_of(Role::Member, false, true);
        let (mine, theirs) = (message(1, 1, said()), message(1, 2, said()));
        assert_eq!(may_react(&silenced, &theirs), Err(Refusal::Forbidden));
        assert_eq!(may_edit(&silenced, &mine), Err(Refusal::Forbidden));
        assert_eq!(may_delete(&silenced, &mine), Ok(DeletedBy::Author));
    }

    #[test]
    fn what_is_elsewhere_or_gone_does_not_exist() {
        let ordinary = member_of(Role::Member, false, false);
        for gone in [
            message(2, 1, said()),
            message(1, 1, MessageBody::Deleted(DeletedBy::Author)),
        ] {
            assert_eq!(may_edit(&ordinary, &gone), Err(Refusal::NotFound));
            assert_eq!(may_delete(&ordinary, &gone), Err(Refusal::NotFound));
            assert_eq!(may_react(&ordinary, &gone), Err(Refusal::NotFound));
        }
    }
}
