//! The wiring: which service is made of what, and where the routes come from.

mod edus;

use crate::figures;
use crate::open::{Ground, OpenError};
use kith_api_common::{App, PeerTurns, RateLimiter, Router};
use kith_appservice::Bridges;
use kith_base::{Directory, Mailer, Outgoing, Tasks};
use kith_e2ee::E2ee;
use kith_ephemeral::Ephemeral;
use kith_federation::Federation;
use kith_media::Media;
use kith_peers::Peers;
use kith_push::Push;
use kith_rooms::Rooms;
use kith_search::Search;
use kith_sso::Sso;
use kith_store::{Position, Read, RoomSid, UserSid};
use kith_sync::{Counts, PushRules, Sync, Unread};
use metrics_exporter_prometheus::PrometheusHandle;
use ruma::UserId;
use std::sync::Arc;

/// The room domain alone, for commands: it asks no other server.
pub(crate) fn rooms_alone(ground: &Ground) -> Result<Arc<Rooms>, kith_store::Error> {
    let tasks = Tasks::new();
    let peers = peers(ground, Outgoing::unconnected(), &tasks)?;
    Ok(rooms(ground, peers, &tasks))
}

fn rooms(ground: &Ground, peers: Arc<Peers>, tasks: &Tasks) -> Arc<Rooms> {
    Rooms::new(kith_rooms::Parts {
        store: Arc::clone(&ground.store),
        accounts: Arc::clone(&ground.accounts),
        peers,
        tasks: tasks.clone(),
        config: Arc::clone(&ground.config),
        clock: ground.clock.clone(),
        random: ground.random.clone(),
        server_name: ground.server_name.clone(),
        signing_key: Arc::clone(&ground.data_dir.signing_key),
    })
}

/// The other servers.
pub(crate) fn peers(
    ground: &Ground,
    outgoing: Outgoing,
    tasks: &Tasks,
) -> Result<Arc<Peers>, kith_store::Error> {
    Peers::new(kith_peers::Parts {
        outgoing,
        store: Arc::clone(&ground.store),
        config: Arc::clone(&ground.config),
        clock: ground.clock.clone(),
        random: ground.random.clone(),
        tasks: tasks.clone(),
        server_name: ground.server_name.clone(),
        signing_key: Arc::clone(&ground.data_dir.signing_key),
        other_keys: Arc::clone(&ground.data_dir.other_keys),
    })
}

fn media(
    ground: &Ground,
    outgoing: Outgoing,
    peers: Arc<Peers>,
    tasks: &Tasks,
) -> Result<Arc<Media>, kith_media::StorageError> {
    Media::open(kith_media::Parts {
        store: Arc::clone(&ground.store),
        outgoing,
        peers,
        config: Arc::clone(&ground.config),
        clock: ground.clock.clone(),
        random: ground.random.clone(),
        tasks: tasks.clone(),
        server_name: ground.server_name.clone(),
    })
}

fn push(
    ground: &Ground,
    outgoing: Outgoing,
    mailer: Option<Mailer>,
    rooms: Arc<Rooms>,
    tasks: &Tasks,
) -> Arc<Push> {
    Push::new(kith_push::Parts {
        store: Arc::clone(&ground.store),
        accounts: Arc::clone(&ground.accounts),
        rooms,
        config: Arc::clone(&ground.config),
        clock: ground.clock.clone(),
        random: ground.random.clone(),
        tasks: tasks.clone(),
        outgoing,
        mailer: mailer.map(|mailer| (mailer, ground.mails.clone())),
    })
}

fn search(ground: &Ground, rooms: Arc<Rooms>, tasks: &Tasks) -> Result<Arc<Search>, kith_search::IndexError> {
    Search::open(kith_search::Parts {
        store: Arc::clone(&ground.store),
        rooms,
        config: Arc::clone(&ground.config),
        clock: ground.clock.clone(),
        tasks: tasks.clone(),
        directory: ground.data_dir.search(),
    })
}

fn bridges(ground: &Ground, outgoing: Outgoing, rooms: Arc<Rooms>, tasks: &Tasks) -> Arc<Bridges> {
    Bridges::new(kith_appservice::Parts {
        store: Arc::clone(&ground.store),
        accounts: Arc::clone(&ground.accounts),
        rooms,
        config: Arc::clone(&ground.config),
        outgoing,
        clock: ground.clock.clone(),
        random: ground.random.clone(),
        tasks: tasks.clone(),
    })
}

fn sso(
    ground: &Ground,
    outgoing: Outgoing,
    directory: Option<Directory>,
    tasks: &Tasks,
) -> Result<Arc<Sso>, kith_sso::OpenError> {
    Sso::open(kith_sso::Parts {
        outgoing,
        directory,
        store: Arc::clone(&ground.store),
        accounts: Arc::clone(&ground.accounts),
        config: Arc::clone(&ground.config),
        clock: ground.clock.clone(),
        random: ground.random.clone(),
        tasks: tasks.clone(),
    })
}

/// Makes every service.
pub(crate) fn wire(
    ground: Ground,
    outgoing: Outgoing,
    mailer: Option<Mailer>,
    directory: Option<Directory>,
    tasks: &Tasks,
) -> Result<Arc<App>, OpenError> {
    let peers = peers(&ground, outgoing.clone(), tasks)?;
    let media = media(&ground, outgoing.clone(), Arc::clone(&peers), tasks)?;
    let rooms = rooms(&ground, Arc::clone(&peers), tasks);
    let push = push(&ground, outgoing.clone(), mailer.clone(), Arc::clone(&rooms), tasks);
    let search = search(&ground, Arc::clone(&rooms), tasks)?;
    let bridges = bridges(&ground, outgoing.clone(), Arc::clone(&rooms), tasks);
    let sso = sso(&ground, outgoing.clone(), directory, tasks)?;
    let Ground { config, clock, random, store, accounts, .. } = ground;
    let sync = Sync::new(kith_sync::Parts {
        store: Arc::clone(&store),
        rooms: Arc::clone(&rooms),
        config: Arc::clone(&config),
        clock: clock.clone(),
        tasks: tasks.clone(),
        push_rules: Arc::new(RulesOf(Arc::clone(&push))),
    });
    let ephemeral =
        Ephemeral::new(Arc::clone(&store), Arc::clone(&rooms), clock.clone(), Arc::clone(&config));
    let e2ee = E2ee::new(kith_e2ee::Parts {
        store: Arc::clone(&store),
        accounts: Arc::clone(&accounts),
        neighbours: peers.clone(),
        clock: clock.clone(),
        random: random.clone(),
        tasks: tasks.clone(),
        config: Arc::clone(&config),
    });
    let federation = Federation::new(kith_federation::Parts {
        store: Arc::clone(&store),
        rooms: Arc::clone(&rooms),
        peers: Arc::clone(&peers),
        config: Arc::clone(&config),
        clock: clock.clone(),
        random: random.clone(),
        tasks: tasks.clone(),
        edus: Arc::new(edus::Edus { ephemeral: Arc::clone(&ephemeral), e2ee: Arc::clone(&e2ee) }),
    })?;
    Ok(Arc::new(App {
        config,
        clock,
        random,
        tasks: tasks.clone(),
        outgoing,
        mailer,
        store,
        peers,
        federation,
        accounts,
        sso,
        rooms,
        bridges,
        sync,
        e2ee,
        ephemeral,
        push,
        search,
        media,
        rate_limiter: RateLimiter::default(),
        peer_turns: PeerTurns::default(),
    }))
}

/// Every route of the server.
pub(crate) fn router(app: &Arc<App>, collected: PrometheusHandle) -> axum::Router {
    figures::routes(apis(app), collected).finish()
}

/// The routes that the specification names, and the administrator's.
pub(crate) fn apis(app: &Arc<App>) -> Router {
    let router = Router::new(Arc::clone(app));
    let router = kith_api_client::router::routes(router);
    let router = kith_api_federation::router::routes(router);
    kith_api_admin::router::routes(router)
}

/// What `/sync` asks of push rules, answered by the crate beside it that knows them.
struct RulesOf(Arc<Push>);

impl PushRules for RulesOf {
    fn unread(
        &self,
        read: &dyn Read,
        user: UserSid,
        user_id: &UserId,
        room: RoomSid,
        until: Position,
    ) -> Result<Unread, kith_store::Error> {
        let unread = self.0.unread(read, user, user_id, room, until)?;
        let threads = unread.threads.into_iter().map(|(root, counts)| (root, translate(counts)));
        Ok(Unread { main: translate(unread.main), threads: threads.collect() })
    }

    fn default_rules(&self, user_id: &UserId) -> String {
        self.0.default_content(user_id)
    }
}

fn translate(counts: kith_push::Counts) -> Counts {
    Counts { notifications: counts.notifications, highlights: counts.highlights }
}
