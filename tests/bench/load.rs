//! Doing many things at once, and timing each.

use crate::Outcome;
use futures_util::future::try_join_all;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::time::{Duration, Instant};

/// Every worker acts again and again until the time is over. Gives every latency.
pub(crate) async fn for_duration<W, F>(
    workers: &[W],
    time: Duration,
    act: impl Fn(W, usize) -> F,
) -> Outcome<Vec<Duration>>
where
    W: Clone,
    F: Future<Output = Outcome<()>>,
{
    let deadline = Instant::now() + time;
    let act = &act;
    let loops = workers.iter().map(|worker| async move {
        let mut latencies = Vec::new();
        while Instant::now() < deadline {
            let started = Instant::now();
            act(worker.clone(), latencies.len()).await?;
            latencies.push(started.elapsed());
        }
        Outcome::Ok(latencies)
    });
    Ok(try_join_all(loops).await?.concat())
}

/// Acts once on every item, on at most `concurrency` of them at a time. Gives what came of each, in order, and how
/// long it took.
pub(crate) async fn for_each<T, R, F>(
    items: impl IntoIterator<Item = T>,
    concurrency: usize,
    act: impl Fn(T) -> F,
) -> Outcome<(Vec<R>, Vec<Duration>)>
where
    F: Future<Output = Outcome<R>>,
{
    let timed = items.into_iter().map(|item| {
        let acting = act(item);
        async {
            let started = Instant::now();
            let result = acting.await?;
            Outcome::Ok((result, started.elapsed()))
        }
    });
    let done: Vec<(R, Duration)> = stream::iter(timed).buffered(concurrency).try_collect().await?;
    Ok(done.into_iter().unzip())
}

/// How many of the items were acted on before the deadline: for building something large on a slow server.
pub(crate) async fn until<T, F>(
    items: impl IntoIterator<Item = T>,
    concurrency: usize,
    deadline: Instant,
    act: impl Fn(T) -> F,
) -> Outcome<usize>
where
    F: Future<Output = Outcome<()>>,
{
    let timely = items.into_iter().take_while(|_| Instant::now() < deadline).map(act);
    let done: Vec<()> = stream::iter(timely).buffer_unordered(concurrency).try_collect().await?;
    Ok(done.len())
}
