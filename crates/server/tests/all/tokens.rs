//! How long a sign-in lasts.

use inkhorn_server::store::{Account, Store, hash_token};
use std::time::Duration;

async fn store() -> (tempfile::TempDir, Store, Account) {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).await.unwrap();
    let ann = store.put_user("ann@example.org", None, "a long pass phrase").await.unwrap();
    (data, store, ann)
}

#[tokio::test]
async fn a_token_that_is_used_goes_on_and_one_that_is_not_ends() {
    let (_data, store, ann) = store().await;
    const LIFE: Duration = Duration::from_secs(4);
    let used = store.add_token_for(&ann, LIFE).await.unwrap();
    let unused = store.add_token_for(&ann, LIFE).await.unwrap();
    let ended = loop {
        assert!(store.signed_in(&used).await.unwrap().is_some(), "it is in use");
        store.expire_tokens().await.unwrap();
        let (_, ended) = store.revoked_since(0).await.unwrap();
        if !ended.is_empty() {
            break ended;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(ended, [hash_token(&unused)]);
    assert_eq!(store.signed_in(&unused).await.unwrap(), None);
    assert!(store.signed_in(&used).await.unwrap().is_some());
}

#[tokio::test]
async fn a_token_whose_time_is_over_is_refused_before_anybody_has_withdrawn_it() {
    let (_data, store, ann) = store().await;
    let over = store.add_token_for(&ann, Duration::ZERO).await.unwrap();
    assert_eq!(store.signed_in(&over).await.unwrap(), None);
    assert_eq!(store.revoked_since(0).await.unwrap().1.len(), 0);
    // No number of days is too many.
    let for_ever = store.add_token_for(&ann, Duration::MAX).await.unwrap();
    assert!(store.signed_in(&for_ever).await.unwrap().is_some());
}
