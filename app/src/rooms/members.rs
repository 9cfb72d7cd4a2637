//! Who comes, goes, and is there.

use chat_domain::{Refusal, Role, RoomId, Username, event::Person, membership, room::Member};
use chat_ports::{Ports, RoomStore, UserStore};

use crate::{App, Error, SignedIn};

impl<P: Ports> App<P> {
    /// Joins an open group.
    ///
    /// # Errors
    /// `not_found` for a room that one may not join; `already_member`; `room_is_e2ee`; `too_many_rooms`.
    pub async fn join_room(&self, who: &SignedIn, room: RoomId) -> Result<(), Error> {
        let found = self.ports.rooms().room(room).await?;
        let entry = membership::join(who.user(), &found.ok_or(Refusal::NotFound)?, self.now())?;
        let joined = self.ports.rooms().enter(entry).await?;
        self.tell_of_members(vec![joined]);
        Ok(())
    }

    /// Leaves a room.
    ///
    /// # Errors
    /// `forbidden` for a room that nobody leaves; `room_is_e2ee`.
    pub async fn leave_room(&self, member: &Member) -> Result<(), Error> {
        let exit = membership::leave(member, self.now())?;
        let left = self.ports.rooms().exit(exit).await?;
        self.tell_of_members(left);
        Ok(())
    }

    /// Brings somebody else in.
    ///
    /// # Errors
    /// `forbidden` for who may not; `not_found` for an unknown name; `already_member`; `room_is_e2ee`;
    /// `too_many_rooms` if they are in as many as they may be.
    pub async fn add_member(&self, member: &Member, username: &Username) -> Result<Person, Error> {
        let found = self.ports.users().credential(username).await?;
        let now = self.now();
        let active = found
            .map(|known| known.user)
            .filter(|user| user.banned(now).is_none());
        // Who may not add anybody is not to learn from the answer which names exist.
        membership::add(member, member.user(), now)?;
        let user = active.ok_or(Refusal::NotFound)?;
        let entry = membership::add(member, &user, now)?;
        let joined = self.ports.rooms().enter(entry).await?;
        self.tell_of_members(vec![joined]);
        Ok((&user).into())
    }

    /// Removes somebody; who removes themselves leaves.
    ///
    /// # Errors
    /// `forbidden` for who may not; `not_found` for who is not in the room; `room_is_e2ee`.
    pub async fn remove_member(&self, member: &Member, user: chat_domain::UserId) -> Result<(), Error> {
        let room = member.room().id;
        let person = self.ports.users().user(user).await?;
        let membership = self.ports.rooms().room_of(user, room).await?;
        let (person, (_, there)) = person.zip(membership).ok_or(Refusal::NotFound)?;
        let exit = membership::remove(member, (&person).into(), there.role, self.now())?;
        let left = self.ports.rooms().exit(exit).await?;
        self.tell_of_members(left);
        Ok(())
    }

    /// The members of a room, by number, after this one.
    ///
    /// # Errors
    /// Only those of a store that does not answer.
    pub async fn members(
        &self,
        member: &Member,
        after: Option<chat_domain::UserId>,
        most: u32,
    ) -> Result<(Vec<(Person, Role)>, bool), Error> {
        let rooms = self.ports.rooms();
        let mut found = rooms
            .members(member.room().id, after, most.saturating_add(1))
            .await?;
        let has_more = found.len() > most as usize;
        found.truncate(most as usize);
        Ok((found, has_more))
    }
}
