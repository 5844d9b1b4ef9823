//! Which identity servers have been told that an address is a user's, so that they can be told when it no longer is.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidbind>

use kith_store::{Direction, Error, UserSid, tables::threepids::THREEPID_BINDINGS};

use crate::Accounts;

/// How many of them one user has at most; whoever asks for more asks in vain.
const BINDINGS_MAX: usize = 200;

/// An identity server that says an address is a user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// "email" or "msisdn".
    pub medium: String,
    /// The address.
    pub address: String,
    /// The identity server.
    pub server: String,
}

impl Accounts {
    /// Remembers that an identity server says that an address is a user's.
    pub fn note_binding(&self, user: UserSid, binding: &Binding) -> Result<(), Error> {
        if self.list_bindings(user)?.len() >= BINDINGS_MAX {
            tracing::warn!(?user, "no more is remembered of where the addresses of a user are bound");
            return Ok(());
        }
        let mut txn = self.store.begin();
        THREEPID_BINDINGS.put(&mut txn.batch, &key(user, binding), &());
        self.store.commit_durably(txn)
    }

    /// An identity server no longer says so.
    pub fn forget_binding(&self, user: UserSid, binding: &Binding) -> Result<(), Error> {
        let mut txn = self.store.begin();
        THREEPID_BINDINGS.delete(&mut txn.batch, &key(user, binding));
        self.store.commit_durably(txn)
    }

    /// The identity servers that say so of a user's addresses.
    pub fn list_bindings(&self, user: UserSid) -> Result<Vec<Binding>, Error> {
        let rows = THREEPID_BINDINGS.scan(self.read(), &(user,), Direction::Forward);
        rows.map(|row| {
            let ((_, medium, address, server), ()) = row?;
            Ok(Binding { medium, address, server })
        })
        .collect()
    }
}

fn key(user: UserSid, binding: &Binding) -> (UserSid, String, String, String) {
    let Binding { medium, address, server } = binding.clone();
    (user, medium, address, server)
}
