//! What other servers send: transactions with their EDUs.

use ruma::api::federation::transactions::edu::Edu;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{corpus, run::fuzz};

#[test]
fn ephemeral_units() {
    let transaction = corpus::transaction();
    let edus = transaction["edus"].as_array().unwrap();
    let seeds: Vec<_> = edus.iter().map(|edu| edu.to_string().into_bytes()).collect();
    fuzz(&seeds, |input| {
        let Ok(edu) = serde_json::from_slice::<Edu>(input) else { return false };
        let printed = serde_json::to_string(&edu).expect("what was read can be written");
        let again: Edu = serde_json::from_str(&printed).expect("what was written can be read");
        assert_eq!(serde_json::to_string(&again).unwrap(), printed);
        true
    });
}

#[test]
fn transactions() {
    #[derive(Deserialize)]
    struct Transaction {
        #[serde(default)]
        pdus: Vec<Box<RawValue>>,
        #[serde(default)]
        edus: Vec<Box<RawValue>>,
    }
    fuzz(&[corpus::transaction().to_string().into_bytes()], |input| {
        let Ok(transaction) = serde_json::from_slice::<Transaction>(input) else { return false };
        for pdu in &transaction.pdus {
            let _peeked = kith_event::parse::peek(pdu.get());
        }
        transaction.pdus.len() + transaction.edus.len() > 0
    });
}
