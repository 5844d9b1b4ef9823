//! Transactions that take long, because much has to be fetched for their events: they are put on disk, answered, and
//! dealt with afterwards, also if the server is restarted meanwhile. The server that sent them goes on to its next one.

use std::{sync::Arc, time::Duration};

use kith_store::{
    Direction, Error, ServerSid,
    tables::destinations::{STAGED_TRANSACTIONS, StagedTransaction},
};
use parking_lot::Mutex;
use serde_json::value::RawValue;

use super::{Answer, Inbox, Received, pdus};

/// How long a transaction may take before it is answered.
pub(crate) const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// How many transactions may be staged at the same time; who sends more waits for the answer. Each is in memory while it
/// is dealt with, so this bounds that too: some 3 MiB each at most.
pub(super) const STAGED_MAX: usize = 50;
/// How long is waited when the store fails.
const STORE_RETRY: Duration = Duration::from_secs(5);

impl Inbox {
    /// Does what a transaction asks for. If that takes long, it is staged and `tell` is given what is known so far.
    /// False if the server stops before the work is done: it goes on at the next start.
    pub(super) async fn work_or_set_aside(
        self: &Arc<Self>,
        server: ServerSid,
        received: &Arc<Received>,
        answer: &Mutex<Answer>,
        tell: impl FnOnce(Answer),
    ) -> Result<bool, Error> {
        let mut work = std::pin::pin!(self.work(received, answer));
        if let Ok(done) = tokio::time::timeout(self.answer_wait, &mut work).await {
            return done.map(|()| true);
        }
        let Ok(_place) = self.places_aside.try_acquire() else { return work.await.map(|()| true) };
        let (inbox, staged, known) = (Arc::clone(self), Arc::clone(received), answer.lock().clone());
        tell(self.tasks.blocking(move || inbox.stage(server, &staged, known)).await?);
        let stopping = self.tasks.stopping();
        let mut done = tokio::select! {
            done = work => done,
            () = stopping.cancelled() => return Ok(false),
        };
        while let Err(error) = done {
            tracing::error!(%error, "an acknowledged transaction will be dealt with again");
            let again = async {
                tokio::time::sleep(STORE_RETRY).await;
                self.work(received, answer).await
            };
            done = tokio::select! {
                done = again => done,
                () = stopping.cancelled() => return Ok(false),
            };
        }
        Ok(true)
    }

    /// Puts a transaction on disk, and answers for the events of which nothing is known yet: they have been taken.
    fn stage(&self, server: ServerSid, received: &Received, known: Answer) -> Result<Answer, Error> {
        let texts = |values: &[Box<RawValue>]| values.iter().map(|value| value.get().to_owned()).collect();
        let staged = StagedTransaction {
            at_ms: self.clock.now_ms(),
            pdus: texts(&received.pdus),
            edus: texts(&received.edus),
        };
        let mut txn = self.store.begin();
        STAGED_TRANSACTIONS.put(&mut txn.batch, &(server, received.id.clone()), &staged);
        self.store.commit_durably(txn)?;
        let mut answer = known;
        for (room_id, pdus) in pdus::by_room(&received.origin, &received.pdus) {
            for pdu in pdus {
                if let Some(event_id) = self.intake.event_id(&room_id, pdu)? {
                    answer.entry(event_id).or_insert(Ok(()));
                }
            }
        }
        Ok(answer)
    }

    /// Goes on with what was acknowledged and not dealt with when the server stopped.
    pub(crate) fn start(self: &Arc<Self>) {
        let inbox = Arc::clone(self);
        self.tasks.spawn("staged transactions", async move {
            let reading = Arc::clone(&inbox);
            match inbox.tasks.blocking(move || reading.load_staged()).await {
                Ok(staged) => {
                    for (server, received) in staged {
                        // Whoever waits for it is told; here nobody does.
                        drop(inbox.join(server, received));
                    }
                }
                Err(error) => tracing::error!(%error, "staged transactions cannot be read"),
            }
        });
    }

    fn load_staged(&self) -> Result<Vec<(ServerSid, Received)>, Error> {
        let mut staged = Vec::new();
        for row in STAGED_TRANSACTIONS.scan(self.store.engine(), &(), Direction::Forward) {
            let ((server, id), StagedTransaction { at_ms, pdus, edus }) = row?;
            let origin = self.store.ids().server_name(server)?;
            // They were JSON when they came.
            let values = |texts: Vec<String>| {
                texts.into_iter().filter_map(|text| RawValue::from_string(text).ok()).collect()
            };
            staged.push((at_ms, server, Received { origin, id, pdus: values(pdus), edus: values(edus) }));
        }
        staged.sort_by_key(|(at_ms, ..)| *at_ms);
        Ok(staged.into_iter().map(|(_, server, received)| (server, received)).collect())
    }
}
