//! The repository as a whole: a store in memory, files in a temporary directory, a clock that is moved by hand.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use kith_accounts::{Accounts, Appservices, Credentials, Login, NewDevice, Requester, Settings};
use kith_base::{Clock, Outgoing, Random, Tasks};
use kith_config::Config;
use kith_event::SigningKey;
use kith_kv::memory::MemoryEngine;
use kith_peers::{Peers, signing_key::OtherKeys};
use kith_store::{Options, Store, UserSid, catalog};
use ruma::{OwnedServerName, owned_server_name};
use tempfile::TempDir;

use crate::{
    ByteStream, Description, Media, MediaError, Method, Parts, Search, ThumbnailContent, UploadError, Wish,
};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
const LOOK: Search = Search { allow_remote: false, anonymous: false, patience: Duration::ZERO };

struct World {
    media: Arc<Media>,
    accounts: Arc<Accounts>,
    clock: Clock,
    tasks: Tasks,
    _directory: TempDir,
}

fn name() -> OwnedServerName {
    owned_server_name!("a.example")
}

impl World {
    fn new(change: impl FnOnce(&mut Config)) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let mut config = Config { data_dir: directory.path().to_owned(), ..Config::default() };
        config.passwords.memory_kib = 64;
        config.passwords.iterations = 1;
        change(&mut config);
        let config = Arc::new(config);
        let engine = Arc::new(MemoryEngine::new(&catalog::specs()));
        let store = Store::open(engine, Options::default()).expect("opens");
        let (clock, random, tasks) = (Clock::fixed(1_700_000_000_000), Random::seeded(7), Tasks::new());
        let settings = Settings::new(name(), &config).expect("the built-in mails are right");
        let nobody = Appservices::default();
        let accounts = Accounts::open(Arc::clone(&store), clock.clone(), random.clone(), settings, nobody);
        let peers = Peers::new(kith_peers::Parts {
            outgoing: Outgoing::unconnected(),
            store: Arc::clone(&store),
            config: Arc::clone(&config),
            clock: clock.clone(),
            random: random.clone(),
            tasks: tasks.clone(),
            server_name: name(),
            signing_key: Arc::new(SigningKey::generate([7; 32], "1").expect("a key")),
            other_keys: Arc::new(OtherKeys::default()),
        });
        let media = Media::open(Parts {
            store,
            outgoing: Outgoing::unconnected(),
            peers: peers.expect("reads nothing"),
            config,
            clock: clock.clone(),
            random,
            tasks: tasks.clone(),
            server_name: name(),
        });
        Self {
            media: media.expect("opens"),
            accounts: accounts.expect("opens"),
            clock,
            tasks,
            _directory: directory,
        }
    }

    fn user(&self, name: &str) -> Requester {
        let user_id = self.accounts.create_user(name, Some("sesame"), false).expect("is free");
        let user = self.accounts.find_active_user(&user_id).expect("reads").expect("exists");
        let session = self.accounts.create_session(&Login::vouched(user), &NewDevice::default());
        let session = session.expect("logs in");
        let credentials = Credentials {
            token: session.access_token.reveal(),
            as_user: None,
            as_device: None,
            address: None,
            user_agent: None,
            may_be_locked: false,
        };
        self.accounts.authenticate(&credentials).expect("is fresh")
    }

    async fn upload(&self, user: &Requester, content: &[u8]) -> Result<String, UploadError> {
        self.media.upload(user, Description::default(), body(content)).await
    }

    async fn read(&self, id: &str) -> Result<Vec<u8>, MediaError> {
        let file = self.media.find(&name(), id, LOOK).await?;
        let stream = self.media.read(&file.sha256, 0..file.size_bytes).await?;
        let chunks: Vec<Bytes> = stream.try_collect().await.expect("readable");
        Ok(chunks.concat())
    }

    #[track_caller]
    fn is_gone(found: Result<Vec<u8>, MediaError>) {
        assert!(matches!(found, Err(MediaError::NotFound)), "{found:?}");
    }

    /// What is written down fits together and to the bytes.
    async fn is_sound(&self) {
        let checked = crate::check(&self.media.store, &self.media.config, &self.tasks).await.expect("checks");
        assert_eq!(checked.findings, Vec::new());
    }

    /// How many blobs there are on the disk.
    fn blobs(&self) -> u64 {
        let copies = TempDir::new().expect("a temporary directory");
        let from = self.media.config.data_dir.join(crate::DIRECTORY);
        crate::blobs::files::copy_all(&from, copies.path()).expect("copies")
    }
}

fn body(content: &[u8]) -> ByteStream {
    let chunks: Vec<_> = content.chunks(7).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    stream::iter(chunks).boxed()
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 0]));
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("encodes");
    bytes.into_inner()
}

/// Deletes a file, and says whether there was one.
fn deletes(world: &World, id: &str) -> bool {
    let gone = world.media.delete(&[id.to_owned()]).expect("writes");
    gone.first().is_some_and(|gone| gone == id)
}

/// Withdraws a file or gives it back, and says whether that was possible.
fn withdraws(world: &World, id: &str, by: Option<UserSid>) -> bool {
    world.media.quarantine(&[(&name(), id)], by).expect("writes") == 1
}

#[tokio::test]
async fn equal_files_are_one_blob_until_the_last_has_gone() {
    let world = World::new(|_| {});
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let first = world.upload(&alice, b"the same").await.expect("uploads");
    let second = world.upload(&bob, b"the same").await.expect("uploads");
    assert_eq!(world.blobs(), 1);
    world.is_sound().await;
    assert!(deletes(&world, &first));
    assert!(!deletes(&world, &first), "it has gone already");
    World::is_gone(world.read(&first).await);
    assert_eq!(world.read(&second).await.expect("is there"), b"the same");
    world.clock.advance(2 * HOUR);
    world.media.sweep().await.expect("sweeps");
    assert_eq!(world.blobs(), 1);
    assert!(deletes(&world, &second));
    world.media.sweep().await.expect("sweeps");
    assert_eq!(world.blobs(), 1, "a backup that has begun may still want it");
    world.is_sound().await;
    world.clock.advance(2 * HOUR);
    world.media.sweep().await.expect("sweeps");
    assert_eq!(world.blobs(), 0);
    world.is_sound().await;
    // And it may come back.
    let third = world.upload(&alice, b"the same").await.expect("uploads");
    assert_eq!(world.read(&third).await.expect("is there"), b"the same");
    world.is_sound().await;
}

#[tokio::test]
async fn a_blob_that_comes_back_in_time_stays() {
    let world = World::new(|_| {});
    let alice = world.user("alice");
    let first = world.upload(&alice, b"content").await.expect("uploads");
    assert!(deletes(&world, &first));
    let second = world.upload(&alice, b"content").await.expect("uploads");
    world.clock.advance(2 * HOUR);
    world.media.sweep().await.expect("sweeps");
    assert_eq!(world.read(&second).await.expect("is there"), b"content");
    world.is_sound().await;
}

#[tokio::test]
async fn thumbnails_go_with_their_picture() {
    let world = World::new(|_| {});
    let alice = world.user("alice");
    let id = world.upload(&alice, &png(200, 100)).await.expect("uploads");
    let file = world.media.find(&name(), &id, LOOK).await.expect("is there");
    let wish = Wish { width: 50, height: 50, method: Method::Scale, animated: false };
    let thumbnail = world.media.thumbnail(&file, wish).await.expect("is a picture");
    assert!(matches!(thumbnail.content, ThumbnailContent::Blob(hash) if hash != file.sha256));
    // Too many forms are made and not kept.
    for width in 51..=130 {
        world.media.thumbnail(&file, Wish { width, ..wish }).await.expect("is a picture");
    }
    let more = world.media.thumbnail(&file, Wish { width: 199, ..wish }).await.expect("is a picture");
    assert!(matches!(more.content, ThumbnailContent::Bytes(_)));
    world.is_sound().await;
    assert!(deletes(&world, &id));
    world.is_sound().await;
    world.clock.advance(2 * HOUR);
    world.media.sweep().await.expect("sweeps");
    assert_eq!(world.blobs(), 0);
    world.is_sound().await;
}

#[tokio::test]
async fn files_that_nobody_looks_at_expire_if_the_operator_likes() {
    let world = World::new(|config| config.media.local_retention_days = 10);
    let alice = world.user("alice");
    let mut ids = Vec::new();
    for number in 0..3_u8 {
        ids.push(world.upload(&alice, &[number]).await.expect("uploads"));
    }
    let [seen, forgotten, protected] = &ids[..] else { unreachable!("three were uploaded") };
    assert!(world.media.protect(&name(), protected, true).expect("writes"));
    world.clock.advance(6 * DAY);
    world.read(seen).await.expect("is there");
    world.clock.advance(6 * DAY);
    world.media.sweep().await.expect("sweeps");
    World::is_gone(world.read(forgotten).await);
    world.read(seen).await.expect("is there");
    world.read(protected).await.expect("is there");
    assert_eq!(world.media.usage(alice.user).expect("reads").files, 2);
    world.is_sound().await;
}

#[tokio::test]
async fn files_of_local_users_stay_by_default() {
    let world = World::new(|_| {});
    let alice = world.user("alice");
    let id = world.upload(&alice, b"for ever").await.expect("uploads");
    world.clock.advance(4_000 * DAY);
    world.media.sweep().await.expect("sweeps");
    assert_eq!(world.read(&id).await.expect("is there"), b"for ever");
}

#[tokio::test]
async fn withdrawn_files_are_not_served_and_come_back() {
    let world = World::new(|config| config.media.local_retention_days = 1);
    let (alice, admin) = (world.user("alice"), world.user("admin"));
    let id = world.upload(&alice, b"content").await.expect("uploads");
    let protected = world.upload(&alice, b"other").await.expect("uploads");
    assert!(world.media.protect(&name(), &protected, true).expect("writes"));
    assert!(withdraws(&world, &id, Some(admin.user)));
    assert!(!withdraws(&world, &protected, Some(admin.user)));
    assert!(!withdraws(&world, "unknown", Some(admin.user)));
    World::is_gone(world.read(&id).await);
    world.read(&protected).await.expect("is there");
    world.clock.advance(30 * DAY);
    world.media.sweep().await.expect("sweeps");
    assert!(withdraws(&world, &id, None));
    assert_eq!(world.read(&id).await.expect("is there"), b"content");
    let listed = world.media.list_of(alice.user).expect("reads");
    let listed: Vec<&str> = listed.iter().map(|listed| listed.media_id.as_str()).collect();
    assert!(listed.len() == 2 && listed.contains(&id.as_str()) && listed.contains(&protected.as_str()));
}

#[tokio::test]
async fn announcements_expire() {
    let world = World::new(|_| {});
    let alice = world.user("alice");
    let announced = world.media.create(&alice).expect("announces");
    let upload = async |id: &str| {
        world.media.upload_announced(&alice, &name(), id, Description::default(), body(b"late")).await
    };
    let waiting = world.media.find(&name(), &announced.media_id, LOOK).await;
    assert!(matches!(waiting, Err(MediaError::NotYetUploaded)), "{waiting:?}");
    world.clock.advance(2 * DAY);
    assert!(matches!(upload(&announced.media_id).await, Err(UploadError::NotExpected)));
    World::is_gone(world.read(&announced.media_id).await);
    world.is_sound().await;
    world.media.sweep().await.expect("sweeps");
    world.is_sound().await;
    let again = world.media.create(&alice).expect("announces");
    upload(&again.media_id).await.expect("uploads");
    assert_eq!(world.read(&again.media_id).await.expect("is there"), b"late");
    world.is_sound().await;
}

#[tokio::test]
async fn what_breaks_off_or_comes_from_the_suspended_leaves_nothing() {
    let world = World::new(|_| {});
    let alice = world.user("alice");
    let broken = [Ok(Bytes::from_static(b"begun")), Err(std::io::Error::other("gone"))];
    let broken = world.media.upload(&alice, Description::default(), stream::iter(broken).boxed()).await;
    assert!(matches!(broken, Err(UploadError::BrokeOff(_))), "{broken:?}");
    let suspended = Requester { suspended: true, ..alice.clone() };
    assert!(matches!(world.upload(&suspended, b"x").await, Err(UploadError::Suspended)));
    assert!(matches!(world.media.create(&suspended), Err(UploadError::Suspended)));
    assert_eq!(world.media.usage(alice.user).expect("reads").files, 0);
    let incoming = world.media.config.data_dir.join(crate::DIRECTORY).join(crate::INCOMING);
    assert_eq!(std::fs::read_dir(incoming).expect("is there").count(), 0);
    assert_eq!(world.blobs(), 0);
    world.is_sound().await;
}
