//! Password hashes: our own, imported ones, and the pepper.

use kith_base::Random;
use kith_store::tables::accounts::PasswordHash;

use super::{Comparison, Hasher};

fn settings() -> kith_config::Passwords {
    kith_config::Passwords { memory_kib: 64, iterations: 1, ..Default::default() }
}

fn hasher(settings: &kith_config::Passwords) -> Hasher {
    Hasher::new(settings, Random::seeded(1))
}

#[test]
fn argon2_hashes_are_right_until_the_parameters_change() {
    let today = hasher(&settings());
    let hash = today.hash("sesame").expect("hashes");
    assert!(hash.0.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
    assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
    assert_eq!(today.compare("sesame", Some(&hash)).expect("compares"), Comparison::Right);
    assert_eq!(today.compare("Sesame", Some(&hash)).expect("compares"), Comparison::Wrong);
    let tomorrow = hasher(&kith_config::Passwords { iterations: 2, ..settings() });
    assert_eq!(tomorrow.compare("sesame", Some(&hash)).expect("compares"), Comparison::RightButOld);
}

#[test]
fn the_pepper_is_part_of_the_password() {
    let peppered = kith_config::Passwords { pepper: Some(kith_config::Secret::new("pepper")), ..settings() };
    let hash = hasher(&peppered).hash("sesame").expect("hashes");
    assert_eq!(hasher(&peppered).compare("sesame", Some(&hash)).expect("compares"), Comparison::Right);
    assert_eq!(hasher(&settings()).compare("sesame", Some(&hash)).expect("compares"), Comparison::Wrong);
}

#[test]
fn bcrypt_hashes_of_another_server_are_accepted() {
    let salt = *b"0123456789abcdef";
    let parts = bcrypt::hash_with_salt("ﬁne".replace('ﬁ', "fi") + "pepper", 4, salt).expect("hashes");
    let hash = PasswordHash(parts.format_for_version(bcrypt::Version::TwoB));
    let peppered = kith_config::Passwords { pepper: Some(kith_config::Secret::new("pepper")), ..settings() };
    let hasher = hasher(&peppered);
    // The ligature becomes two letters: passwords are compared in NFKC.
    assert_eq!(hasher.compare("ﬁne", Some(&hash)).expect("compares"), Comparison::RightButOld);
    assert_eq!(hasher.compare("fine!", Some(&hash)).expect("compares"), Comparison::Wrong);
}

#[test]
fn without_a_hash_every_password_is_wrong() {
    let hasher = hasher(&settings());
    assert_eq!(hasher.compare("anything", None).expect("compares"), Comparison::Wrong);
    assert_eq!(hasher.compare(&"x".repeat(10_000), None).expect("compares"), Comparison::Wrong);
}
