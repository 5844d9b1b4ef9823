//! What the reading side keeps ready in memory. All of it is derived from the store and may be dropped at any time.

use crate::{
    directory::DirectoryIndex, elsewhere::ToldCache, hierarchy::ChildrenCache, render::cache::Texts,
    summary::SummaryCache,
};

/// What the reading side keeps ready.
#[derive(Default)]
pub(crate) struct Reading {
    pub(crate) texts: Texts,
    pub(crate) summaries: SummaryCache,
    pub(crate) directory: DirectoryIndex,
    pub(crate) children: ChildrenCache,
    pub(crate) told: ToldCache,
}

#[cfg(test)]
mod tests;
