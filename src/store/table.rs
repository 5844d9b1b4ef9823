//! A typed table over one column family. Reads take any [`Read`] (a snapshot or the live engine); writes only go
//! into a [`Batch`].

use std::marker::PhantomData;

use kith_kv::{Batch, Direction, Family, KeyRange, Read};

use crate::{Error, key::Key, record::Record};

/// A column family with its key and value types.
pub struct Table<K, V> {
    family: Family,
    name: &'static str,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K: Key, V: Record> Table<K, V> {
    /// The table over `family`; `name` appears in errors.
    pub const fn new(family: (Family, &'static str)) -> Self {
        Self { family: family.0, name: family.1, types: PhantomData }
    }

    /// The column family behind the table.
    pub const fn family(&self) -> Family {
        self.family
    }

    /// The value of `key`.
    pub fn get(&self, read: &dyn Read, key: &K) -> Result<Option<V>, Error> {
        read.get(self.family, &key.to_bytes())?.map(|bytes| self.value(&bytes)).transpose()
    }

    /// The values of many keys, in the keys' order.
    pub fn get_many(&self, read: &dyn Read, keys: &[K]) -> Result<Vec<Option<V>>, Error> {
        let keys: Vec<_> = keys.iter().map(Key::to_bytes).collect();
        let values = read.get_many(self.family, &keys)?;
        values.into_iter().map(|value| value.map(|bytes| self.value(&bytes)).transpose()).collect()
    }

    /// Whether `key` is there.
    pub fn contains(&self, read: &dyn Read, key: &K) -> Result<bool, Error> {
        Ok(read.get(self.family, &key.to_bytes())?.is_some())
    }

    /// Sets `key` to `value`.
    pub fn put(&self, batch: &mut Batch, key: &K, value: &V) {
        batch.put(self.family, key.to_bytes(), value.to_bytes());
    }

    /// Removes `key`.
    pub fn delete(&self, batch: &mut Batch, key: &K) {
        batch.delete(self.family, key.to_bytes());
    }

    /// Removes every key that begins with `prefix`.
    pub fn delete_prefix(&self, batch: &mut Batch, prefix: &impl Key) {
        batch.delete_range(self.family, KeyRange::prefix(&prefix.to_bytes()));
    }

    /// Lets the commit of `batch` fail with a conflict unless `key` holds `expected` by then.
    pub fn require(&self, batch: &mut Batch, key: &K, expected: Option<&V>) {
        batch.require(self.family, key.to_bytes(), expected.map(Record::to_bytes));
    }

    /// The rows whose keys begin with `prefix`, in key order or against it.
    pub fn scan<'a, P: Key>(
        &'a self,
        read: &'a dyn Read,
        prefix: &P,
        direction: Direction,
    ) -> impl Iterator<Item = Result<(K, V), Error>> + use<'a, P, K, V> {
        self.rows(read, KeyRange::prefix(&prefix.to_bytes()), direction)
    }

    /// The rows from `from` (included) to `to` (excluded); both may be leading parts of keys.
    pub fn range<'a, A: Key, B: Key>(
        &'a self,
        read: &'a dyn Read,
        from: &A,
        to: &B,
        direction: Direction,
    ) -> impl Iterator<Item = Result<(K, V), Error>> + use<'a, A, B, K, V> {
        self.rows(read, KeyRange { start: from.to_bytes(), end: Some(to.to_bytes()) }, direction)
    }

    fn rows<'a>(
        &'a self,
        read: &'a dyn Read,
        range: KeyRange,
        direction: Direction,
    ) -> impl Iterator<Item = Result<(K, V), Error>> + 'a {
        read.scan(self.family, range, direction).map(move |row| {
            let (key, value) = row?;
            let key =
                K::decode(&mut key.as_slice()).ok_or(Error::Corrupt { table: self.name, what: "key" })?;
            Ok((key, self.value(&value)?))
        })
    }

    fn value(&self, bytes: &[u8]) -> Result<V, Error> {
        V::decode(bytes).ok_or(Error::Corrupt { table: self.name, what: "value" })
    }
}
