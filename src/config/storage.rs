//! `[storage]`: memory and durability of the database.

use serde::{Deserialize, Serialize};

/// Memory and durability of the database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// Memory for caches and write buffers, in MiB, whatever the number of cores. The process takes some hundred MiB
    /// more for small caches, connections and requests in flight. At least 64.
    pub memory_budget_mib: u64,

    /// "fsync": an acknowledged message is on the disk; writers share one flush. "relaxed": the operating system
    /// writes when it likes; a crash of the process loses nothing, a power cut may lose the last seconds.
    pub durability: Durability,
}

/// When a write is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// When it is on the disk.
    Fsync,
    /// When the operating system has it.
    Relaxed,
}

impl Default for Storage {
    fn default() -> Storage {
        Storage { memory_budget_mib: 512, durability: Durability::Fsync }
    }
}

impl Storage {
    /// The memory budget in bytes.
    pub fn memory_budget_bytes(&self) -> usize {
        usize::try_from(self.memory_budget_mib.saturating_mul(1024 * 1024)).unwrap_or(usize::MAX)
    }
}
