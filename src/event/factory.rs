//! For tests: rooms of any version, made event by event with real hashes and signatures.
