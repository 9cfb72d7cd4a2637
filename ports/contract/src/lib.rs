//! The promises of the ports, as tests that every store runs: one test per promise, a fresh store for each.
//!
//! A store's `tests/contract.rs` holds an `async fn fresh() -> impl Deref<Target = Store>` and
//! `chat_contract::store_contract!(fresh);`.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "these functions are tests: a broken promise is to panic"
)]

pub mod key_store;
pub mod message_changes;
pub mod message_store;
pub mod moderation_store;
pub mod room_store;
pub mod session_store;
pub mod user_store;

mod world;

use chat_ports::{KeyStore, MessageStore, ModerationStore, RoomStore, SessionStore, UserStore};

/// Everything that one database offers.
pub trait Store: UserStore + KeyStore + SessionStore + RoomStore + MessageStore + ModerationStore {}

impl<S: UserStore + KeyStore + SessionStore + RoomStore + MessageStore + ModerationStore> Store for S {}

/// Makes one test per promise. `$fresh` is an `async fn` that gives an empty store behind `Deref`.
#[macro_export]
macro_rules! store_contract {
    ($fresh:ident) => {
        $crate::store_contract!(@group $fresh, user_store: [
            a_registered_user_is_found_by_name_whatever_the_case,
            a_name_is_taken_whatever_the_case,
            of_many_claims_on_a_name_one_wins,
            registering_joins_the_room_with_an_event,
            nobody_registers_into_what_is_no_group,
            the_first_user_is_made_once,
        ]);
        $crate::store_contract!(@group $fresh, key_store: [
            the_instance_is_drawn_once,
            reserved_ids_are_nobody_elses,
            a_keyed_account_is_made_whole,
            a_name_is_taken_by_either_kind,
            the_directory_grows_at_its_end,
            a_state_follows_the_one_before,
            of_drafts_the_last_ones_are_kept,
            new_secrets_take_the_place_of_the_old,
            an_identity_follows_with_its_keys,
            awaited_keys_make_a_basic_account_a_keyed_one,
            a_new_identity_brings_its_state_or_none,
            keys_are_awaited_under_the_newest_password,
            a_reset_link_is_its_owners_until_its_time_is_over,
            of_two_links_the_newer_one_is_good,
            a_reset_leaves_nothing_of_the_old_identity,
            a_reset_happens_whole_and_once,
        ]);
        $crate::store_contract!(@group $fresh, session_store: [
            a_session_is_found_by_its_token,
            a_token_opens_one_session,
            a_closed_session_is_gone,
            a_touch_moves_the_session_and_its_user,
            a_touch_does_not_bring_a_closed_session_back,
            sweeping_ends_the_old_and_the_idle,
            a_token_is_good_for_what_it_was_made_for,
            tokens_of_a_user_are_bounded,
            a_token_ends_when_its_maker_has_said,
            a_users_sessions_are_listed,
            others_are_signed_out,
            the_longest_unused_make_room,
            webhooks_belong_to_their_room,
            a_webhook_is_logged,
        ]);
        $crate::store_contract!(@group $fresh, moderation_store: [
            a_ban_locks_out,
            an_unban_lets_in,
            what_is_so_already_is_not_done_again,
            a_new_password_ends_all_sign_ins,
            somebody_always_administers,
            two_who_demote_each_other_do_not_both_succeed,
            only_administrators_act,
            made_accounts_are_logged,
            the_log_is_read_backwards,
            users_are_listed,
        ]);
        $crate::store_contract!(@group $fresh, room_store: [
            there_is_one_plain_room,
            strangers_have_no_room,
            my_rooms_are_counted,
            a_new_room_has_its_owner,
            a_pair_has_one_direct_room,
            a_direct_room_is_its_pairs_own,
            who_enters_is_a_member,
            entering_is_checked_again,
            rooms_of_a_user_are_bounded,
            who_leaves_is_no_member,
            removing_is_checked_again,
            the_oldest_account_inherits,
            members_are_listed,
            open_rooms_are_those_i_may_join,
            settings_are_changed_once,
            settings_are_checked_again,
            a_read_position_moves_forward,
        ]);
        $crate::store_contract!(@group $fresh, message_changes: [
            an_edit_is_read_everywhere,
            the_same_edit_again_is_nothing,
            only_what_is_there_is_edited,
            a_deleted_message_is_empty_everywhere,
            a_lost_role_deletes_nothing,
            reactions_stand_under_their_message,
            reactions_are_bounded,
            who_has_left_changes_nothing,
        ]);
        $crate::store_contract!(@group $fresh, message_store: [
            a_message_is_kept_to_the_byte,
            numbers_are_dense,
            of_many_writers_each_gets_a_place_of_its_own,
            the_same_client_id_is_one_message,
            the_same_client_id_in_parallel_is_one_message,
            the_same_client_id_with_another_content_is_refused,
            the_same_client_id_with_another_type_or_answer_is_refused,
            an_edited_message_is_known_by_its_first_text,
            a_deleted_message_is_known_by_its_client_id,
            what_was_said_stays_said,
            a_client_id_is_its_authors_own,
            a_stranger_posts_nothing,
            an_answer_needs_a_message_of_the_room,
            a_refused_message_takes_no_number,
            pages_run_from_new_to_old,
            the_offset_counts_from_the_newest,
            events_are_all_there_in_order,
            what_was_sent_before_is_found,
        ]);
    };
    (@group $fresh:ident, $port:ident: [$($promise:ident),+ $(,)?]) => {
        mod $port {
            $(
                #[tokio::test]
                async fn $promise() {
                    let store = super::$fresh().await;
                    $crate::$port::$promise(&*store).await;
                }
            )+
        }
    };
}
