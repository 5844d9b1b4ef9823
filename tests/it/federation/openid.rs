//! The area `openid`.

mod get_openid_userinfo;
