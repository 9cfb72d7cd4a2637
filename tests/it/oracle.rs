//! Random sequences of calls on all ports of a store: the database answers like memory does, call by call, and holds the
//! same in the end, also when it is closed and opened again in between.

mod call;
mod draw;
mod pair;

use fastrand::Rng;
use tokio::task::JoinSet;

use crate::scale::{chance, rounds};

use call::Call;
use draw::Draw;
use pair::Pair;

const CALLS: usize = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_answers_like_memory_whatever_is_asked_of_both() {
    let mut rng = chance("the_database_answers_like_memory_whatever_is_asked_of_both");
    let mut tasks = JoinSet::new();
    for _ in 0..rounds(20, 2_000) {
        let seed = rng.u64(..);
        tasks.spawn(sequence(seed));
        // As many at once as keep the disk busy.
        while tasks.len() >= 4 {
            end(&mut tasks).await;
        }
    }
    while !tasks.is_empty() {
        end(&mut tasks).await;
    }
}

async fn end(tasks: &mut JoinSet<()>) {
    if let Some(Err(error)) = tasks.join_next().await {
        std::panic::resume_unwind(error.into_panic());
    }
}

/// One sequence on two empty stores. Whatever differs is printed with the calls that led to it.
async fn sequence(seed: u64) {
    let mut pair = Pair::new();
    let mut draw = Draw::new(Rng::with_seed(seed));
    let mut calls: Vec<Call> = Vec::new();
    for index in 0..CALLS {
        let call = draw.next(&pair.memory, &calls).await;
        calls.push(call.clone());
        if let Err(difference) = pair.carry_out(&call).await {
            panic!("sequence {seed}, call {index}: {call:#?}\n{difference}");
        }
        let is_time_to_look = matches!(call, Call::Reopen) || index + 1 == CALLS;
        if is_time_to_look && let Err(difference) = pair.compare_everything().await {
            panic!("sequence {seed}, after call {index} {call:?}, all that is stored: {difference}");
        }
    }
}
