//! Where it was published, on a user's behalf, that an address is theirs: so that it can be taken back there.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidbind>

use kith_store::{Direction, Error, UserSid, tables::threepids::THREEPID_BINDINGS};

use crate::{Accounts, threepids::canonical_address};

/// An address of a user on an identity server.
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
    /// Where addresses of a user are published.
    pub fn bindings(&self, user: UserSid) -> Result<Vec<Binding>, Error> {
        let rows = THREEPID_BINDINGS.scan(self.read(), &(user,), Direction::Forward);
        rows.map(|row| row.map(|((_, medium, address, server), ())| Binding { medium, address, server }))
            .collect()
    }

    /// Notes that an address is published there.
    pub fn note_binding(&self, user: UserSid, binding: &Binding) -> Result<(), Error> {
        let mut txn = self.store.begin();
        THREEPID_BINDINGS.put(&mut txn.batch, &key(user, binding), &());
        self.store.commit_durably(txn)
    }

    /// Notes that an address is no longer published there.
    pub fn forget_binding(&self, user: UserSid, binding: &Binding) -> Result<(), Error> {
        let mut txn = self.store.begin();
        THREEPID_BINDINGS.delete(&mut txn.batch, &key(user, binding));
        self.store.commit_durably(txn)
    }
}

fn key(user: UserSid, binding: &Binding) -> (UserSid, String, String, String) {
    let address = canonical_address(&binding.medium, &binding.address);
    (user, binding.medium.clone(), address, binding.server.clone())
}
