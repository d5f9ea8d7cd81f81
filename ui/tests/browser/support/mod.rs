//! What the tests of the interface share.
//! - `serve`: the built interface over HTTP
//! - `page`: a browser with the interface in it, and what people, tests and the mocked core do with it

mod page;
mod serve;

pub(crate) use page::{Page, with_page};
pub(crate) use serve::folder;
