//! The network: which server sits where, and what becomes of what they send to each other.

use std::{collections::HashSet, net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use kith_base::outgoing::{OutgoingError, OutgoingRequest, OutgoingStream, Reach, Transport};
use kith_server::simulated::Simulated;
use kith_tests::Dice;
use parking_lot::Mutex;
use tokio::time::sleep;

use crate::world::name;

/// How long a way takes at most, in milliseconds.
const WAY_MS_MAX: u64 = 400;

/// What lies between the servers.
pub(crate) struct Network {
    state: Mutex<State>,
}

struct State {
    dice: Dice,
    seats: Vec<Seat>,
    /// Ordered pairs that do not hear each other.
    cut: HashSet<(usize, usize)>,
    /// How many of a hundred requests are lost, and as many answers.
    lost_percent: u64,
    /// How many of a hundred requests arrive twice.
    twice_percent: u64,
}

/// A place in the network. With each start, the server there is another one.
#[derive(Default)]
struct Seat {
    server: Option<Arc<Simulated>>,
    starts: u64,
}

/// What a server sends through, from one start on until the next.
pub(crate) struct Link {
    network: Arc<Network>,
    from: usize,
    start: u64,
}

/// What becomes of a request.
struct Fate {
    way_there: Duration,
    way_back: Duration,
    lost_there: bool,
    lost_back: bool,
    again_after: Option<Duration>,
}

impl Network {
    pub(crate) fn new(seed: u64, seats: usize) -> Arc<Self> {
        let state = State {
            dice: Dice::new(seed),
            seats: (0..seats).map(|_| Seat::default()).collect(),
            cut: HashSet::new(),
            lost_percent: 0,
            twice_percent: 0,
        };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// The link of a server that is about to start; what the one before it sends does not arrive any more.
    pub(crate) fn link(self: &Arc<Self>, from: usize) -> Arc<Link> {
        let mut state = self.state.lock();
        state.seats[from].starts += 1;
        Arc::new(Link { network: Arc::clone(self), from, start: state.seats[from].starts })
    }

    pub(crate) fn seat(&self, at: usize, server: Simulated) {
        self.state.lock().seats[at].server = Some(Arc::new(server));
    }

    /// Takes a server off the network at once.
    pub(crate) fn unseat(&self, at: usize) -> Option<Arc<Simulated>> {
        let mut state = self.state.lock();
        state.seats[at].starts += 1;
        state.seats[at].server.take()
    }

    pub(crate) fn server(&self, at: usize) -> Option<Arc<Simulated>> {
        self.state.lock().seats[at].server.clone()
    }

    pub(crate) fn trouble(&self, lost_percent: u64, twice_percent: u64) {
        let mut state = self.state.lock();
        (state.lost_percent, state.twice_percent) = (lost_percent, twice_percent);
    }

    /// One server and the others do not hear each other, in one direction or both.
    pub(crate) fn part(&self, from: usize, to: usize) {
        self.state.lock().cut.insert((from, to));
    }

    pub(crate) fn join_again(&self) {
        self.state.lock().cut.clear();
    }

    fn fate(&self) -> Fate {
        let mut state = self.state.lock();
        let (lost, twice) = (state.lost_percent, state.twice_percent);
        let mut way = || Duration::from_millis(1 + state.dice.throw(WAY_MS_MAX));
        let (way_there, way_back, again) = (way(), way(), way());
        Fate {
            way_there,
            way_back,
            lost_there: state.dice.throw(100) < lost,
            lost_back: state.dice.throw(100) < lost,
            again_after: (state.dice.throw(100) < twice).then_some(again),
        }
    }

    /// Whether something from one seat, as it was at that start, reaches another.
    fn passes(&self, from: usize, start: u64, to: usize) -> bool {
        let state = self.state.lock();
        state.seats[from].starts == start && !state.cut.contains(&(from, to))
    }

    fn start_of(&self, at: usize) -> u64 {
        self.state.lock().seats[at].starts
    }
}

impl Link {
    async fn carry(&self, request: OutgoingRequest) -> Result<OutgoingStream, OutgoingError> {
        let (to, request) = translate(&request)?;
        let fate = self.network.fate();
        sleep(fate.way_there).await;
        if fate.lost_there || !self.network.passes(self.from, self.start, to) {
            // Whoever waits gives up by itself.
            return std::future::pending().await;
        }
        let refused = || OutgoingError::Connection("nobody is there".to_owned());
        let (server, start) = (self.network.server(to).ok_or_else(refused)?, self.network.start_of(to));
        if let Some(after) = fate.again_after {
            let (server, request) = (Arc::clone(&server), copy(&request));
            tokio::spawn(async move {
                sleep(after).await;
                // The one that answers twice is not heard twice.
                drop(server.answer(request, address()).await);
            });
        }
        let (head, body) = server.answer(request, address()).await.into_parts();
        drop(server);
        sleep(fate.way_back).await;
        let heard =
            self.network.passes(to, start, self.from) && self.network.start_of(self.from) == self.start;
        if fate.lost_back || !heard {
            return std::future::pending().await;
        }
        let body = stream::once(async move { Ok(body) }).boxed();
        Ok(OutgoingStream { status: head.status.as_u16(), headers: head.headers, body })
    }
}

impl Transport for Link {
    fn send(
        &self,
        request: OutgoingRequest,
        _reach: Reach,
    ) -> BoxFuture<'_, Result<OutgoingStream, OutgoingError>> {
        self.carry(request).boxed()
    }
}

/// Where a request goes, and what arrives there.
fn translate(request: &OutgoingRequest) -> Result<(usize, http::Request<Bytes>), OutgoingError> {
    let wrong = || OutgoingError::Url(request.url.clone());
    let url: http::Uri = request.url.parse().map_err(|_| wrong())?;
    let host = url.authority().ok_or_else(wrong)?.as_str();
    let to = (0..crate::world::SERVERS).find(|at| name(*at) == host);
    let to = to.ok_or_else(|| OutgoingError::Connection(format!("there is no {host}")))?;
    let path = url.path_and_query().ok_or_else(wrong)?.as_str();
    let mut builder = http::Request::builder().method(request.method.clone()).uri(path);
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let translated = builder.body(Bytes::from(request.body.clone())).map_err(|_| wrong())?;
    Ok((to, translated))
}

fn copy(request: &http::Request<Bytes>) -> http::Request<Bytes> {
    let mut copy = http::Request::new(request.body().clone());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    copy
}

fn address() -> IpAddr {
    IpAddr::from([127, 0, 0, 1])
}
