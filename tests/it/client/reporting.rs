//! Telling the operators about users.

mod report_user;
