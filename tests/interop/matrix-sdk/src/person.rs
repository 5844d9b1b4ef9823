//! A person at one device: a client of matrix-rust-sdk that syncs in the background by sliding sync.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use futures_util::{StreamExt, pin_mut};
use matrix_sdk::{
    Client, Room, SlidingSync, SlidingSyncList, SlidingSyncMode,
    deserialized_responses::EncryptionInfo,
    encryption::{BackupDownloadStrategy, EncryptionSettings},
    ruma::{
        DeviceId, EventId, OwnedEventId, OwnedRoomId, UserId,
        api::client::{
            account::register,
            uiaa::{AuthData, Dummy},
        },
        events::{
            StateEventType,
            room::message::{OriginalSyncRoomMessageEvent, RoomMessageEventContent},
        },
    },
    sliding_sync::VersionBuilder,
};
use tokio::task::JoinHandle;

const WITHIN: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);
const ROOMS_A_BATCH: u32 = 10;
const EVENTS_A_ROOM: u32 = 10;

/// What was heard by sync: the text of each message, if it was encrypted.
type Heard = Arc<Mutex<HashMap<OwnedEventId, Option<String>>>>;

pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) client: Client,
    heard: Heard,
    syncing: JoinHandle<()>,
}

impl Person {
    pub(crate) async fn register(base: &str, name: &str) -> Result<()> {
        let mut request = register::v3::Request::new();
        request.username = Some(name.to_owned());
        request.password = Some(password(name));
        request.inhibit_login = true;
        request.auth = Some(AuthData::Dummy(Dummy::new()));
        client(base)
            .await?
            .matrix_auth()
            .register(request)
            .await
            .with_context(|| format!("registering {name}"))?;
        Ok(())
    }

    pub(crate) async fn log_in(base: &str, name: &str) -> Result<Self> {
        let client = client(base).await?;
        let login = client.matrix_auth().login_username(name, &password(name));
        login
            .initial_device_display_name("matrix-sdk")
            .send()
            .await
            .with_context(|| format!("logging {name} in"))?;
        client.encryption().wait_for_e2ee_initialization_tasks().await;
        let heard = Heard::default();
        client.add_event_handler({
            let heard = heard.clone();
            move |event: OriginalSyncRoomMessageEvent, encryption: Option<EncryptionInfo>| {
                let text = encryption.map(|_| event.content.body().to_owned());
                heard.lock().unwrap_or_else(PoisonError::into_inner).insert(event.event_id, text);
                std::future::ready(())
            }
        });
        let list = SlidingSyncList::builder("all")
            .sync_mode(SlidingSyncMode::new_growing(ROOMS_A_BATCH))
            .timeline_limit(EVENTS_A_ROOM)
            .required_state(vec![
                (StateEventType::RoomEncryption, String::new()),
                (StateEventType::RoomMember, "$LAZY".to_owned()),
                (StateEventType::RoomMember, "$ME".to_owned()),
            ]);
        let sync = client.sliding_sync("all")?.with_all_extensions().add_list(list).build().await?;
        let syncing = tokio::spawn(sync_on(name.to_owned(), sync));
        Ok(Self { name: name.to_owned(), client, heard, syncing })
    }

    pub(crate) async fn log_out(self) -> Result<()> {
        self.syncing.abort();
        self.client.matrix_auth().logout().await.with_context(|| format!("logging {} out", self.name))?;
        Ok(())
    }

    pub(crate) fn user_id(&self) -> &UserId {
        self.client.user_id().expect("a person has logged in")
    }

    pub(crate) fn device_id(&self) -> &DeviceId {
        self.client.device_id().expect("a person has logged in")
    }

    pub(crate) async fn say(&self, room: &OwnedRoomId, body: &str) -> Result<OwnedEventId> {
        let room = eventually("the room", async || Ok(self.client.get_room(room))).await?;
        let sent = room.send(RoomMessageEventContent::text_plain(body)).await?;
        ensure!(sent.encryption_info.is_some(), "{} sent {body:?} unencrypted", self.name);
        Ok(sent.response.event_id)
    }

    /// Sync brings the message, encrypted, and with a key for this device.
    pub(crate) async fn hears(&self, event: &EventId, body: &str) -> Result<()> {
        let what = format!("{} at {} to hear {body:?}", self.name, self.device_id());
        let text = eventually(&what, async || {
            Ok(self.heard.lock().unwrap_or_else(PoisonError::into_inner).get(event).cloned())
        })
        .await?;
        ensure!(text.as_deref() == Some(body), "{what}, but it was {text:?}");
        Ok(())
    }

    /// What the server keeps can be decrypted, with a key from the backup if need be.
    pub(crate) async fn reads(&self, room: &OwnedRoomId, event: &EventId, body: &str) -> Result<()> {
        let room: Room = eventually("the room", async || Ok(self.client.get_room(room))).await?;
        eventually(&format!("{} at {} to read {body:?}", self.name, self.device_id()), async || {
            let found = room.event(event, None).await?;
            let readable = found.encryption_info().is_some() && found.raw().json().get().contains(body);
            Ok(readable.then_some(()))
        })
        .await
    }

    pub(crate) async fn trusts_own_device(&self) -> Result<()> {
        eventually(&format!("{} to trust {}", self.name, self.device_id()), async || {
            let device = self.client.encryption().get_own_device().await?;
            Ok(device.filter(|device| device.is_cross_signed_by_owner()).map(drop))
        })
        .await
    }

    /// Sync has told of the other's device, and its keys have been asked for.
    pub(crate) async fn knows_device(&self, other: &Self) -> Result<()> {
        eventually(&format!("{} to know {}", self.device_id(), other.device_id()), async || {
            Ok(self.client.encryption().get_device(other.user_id(), other.device_id()).await?.map(drop))
        })
        .await
    }

    pub(crate) async fn trusts_device(&self, other: &Self) -> Result<()> {
        eventually(&format!("{} to trust {}", self.name, other.device_id()), async || {
            let device = self.client.encryption().get_device(other.user_id(), other.device_id()).await?;
            Ok(device.filter(|device| device.is_verified_with_cross_signing()).map(drop))
        })
        .await
    }

    pub(crate) async fn trusts_user(&self, other: &Self) -> Result<()> {
        eventually(&format!("{} to trust {}", self.name, other.name), async || {
            let identity = self.client.encryption().get_user_identity(other.user_id()).await?;
            Ok(identity.filter(|identity| identity.is_verified()).map(drop))
        })
        .await
    }

    pub(crate) async fn has_backup(&self) -> Result<()> {
        eventually(&format!("{} to be given the key of the backup", self.device_id()), async || {
            Ok(self.client.encryption().backups().are_enabled().await.then_some(()))
        })
        .await
    }
}

async fn client(base: &str) -> Result<Client> {
    let settings = EncryptionSettings {
        auto_enable_cross_signing: true,
        backup_download_strategy: BackupDownloadStrategy::AfterDecryptionFailure,
        auto_enable_backups: false,
    };
    Client::builder()
        .homeserver_url(base)
        .sliding_sync_version_builder(VersionBuilder::DiscoverNative)
        .with_encryption_settings(settings)
        .build()
        .await
        .with_context(|| format!("finding a server at {base}"))
}

fn password(name: &str) -> String {
    format!("correct horse {name}")
}

/// An error ends the stream of updates, and a client begins another.
async fn sync_on(name: String, sync: SlidingSync) {
    loop {
        let updates = sync.sync();
        pin_mut!(updates);
        while let Some(update) = updates.next().await {
            if let Err(error) = update {
                eprintln!("{name}: sync: {error}");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Looks again and again until something is there.
pub(crate) async fn eventually<T>(what: &str, look: impl AsyncFn() -> Result<Option<T>>) -> Result<T> {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if began.elapsed() > WITHIN {
            bail!("waited {WITHIN:?} for {what}");
        }
        tokio::time::sleep(PAUSE).await;
    }
}
