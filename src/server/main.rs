//! The `kith` binary. Everything is in the library beside it, which simulations use too.

/// Rust's memory and, since it takes the place of `malloc`, RocksDB's too.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    kith_server::main()
}
