//! Orders: what an operator can have done to the data, whether the server runs or not.
//!
//! A command on the command line becomes an order. While the server runs it goes through the control socket
//! (`control.rs`) and is carried out there; otherwise the command opens the data directory and does it itself.

mod backup;
mod users;

use crate::Failure;
use crate::open::Ground;
use kith_accounts::Accounts;
use kith_store::Store;
use ruma::OwnedServerName;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// One order. It travels as one line of JSON.
#[derive(Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub(crate) enum Order {
    /// Make an account.
    CreateUser { user: String, password: String, admin: bool },
    /// Give an account a new password.
    SetPassword { user: String, password: String, logout_devices: bool },
    /// Close an account.
    Deactivate { user: String, erase: bool },
    /// Make somebody an administrator, or no longer one.
    SetAdmin { user: String, admin: bool },
    /// Make the index of messages and the user directory anew.
    RebuildSearch,
    /// Copy everything into a directory that does not exist yet; its path is absolute.
    Backup { directory: PathBuf },
}

/// What orders work on.
#[derive(Clone)]
pub(crate) struct Hands {
    server_name: OwnedServerName,
    accounts: Arc<Accounts>,
    store: Arc<Store>,
    data_dir: PathBuf,
}

impl Hands {
    /// The hands of an opened data directory.
    pub(crate) fn of(ground: &Ground) -> Hands {
        Hands {
            server_name: ground.server_name.clone(),
            accounts: Arc::clone(&ground.accounts),
            store: Arc::clone(&ground.store),
            data_dir: ground.data_dir.path().to_owned(),
        }
    }

    /// Does it, and says what was done.
    pub(crate) fn carry_out(&self, order: &Order) -> Result<String, Failure> {
        match order {
            Order::CreateUser { user, password, admin } => users::create(self, user, password, *admin),
            Order::SetPassword { user, password, logout_devices } => {
                users::set_password(self, user, password, *logout_devices)
            }
            Order::Deactivate { user, erase } => users::deactivate(self, user, *erase),
            Order::SetAdmin { user, admin } => users::set_admin(self, user, *admin),
            Order::RebuildSearch => {
                kith_search::order_rebuild(&self.store)?;
                Ok("The server makes the index anew in the background; kith_search_building says when it is done."
                    .to_owned())
            }
            Order::Backup { directory } => backup::make(self, directory),
        }
    }
}
