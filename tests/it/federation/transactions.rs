//! What other servers deliver.

mod send_transaction_message;
