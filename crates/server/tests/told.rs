//! What the desk says of what a customer knows.

use crate::field::{Scene, at};

/// An advisor who reads that the customer was told does not ring.
#[tokio::test(flavor = "multi_thread")]
async fn a_customer_whom_no_word_reached_is_not_said_to_have_been_told() {
    for silent in [false, true] {
        let s = Scene::new().await;
        let outreach = s.service.as_ref().unwrap().outreach().clone();
        let case = outreach.service_cases().unwrap()[0].id;
        if silent {
            outreach.escalate("acme", "wang", "the lawyer wrote", "wang", at("2026-07-15T09:59:00Z")).unwrap();
        }
        // Three minutes before the call was promised: word goes out at the first look, and is dropped or kept at the second.
        for _ in 0..2 {
            outreach.tick(at("2026-07-15T10:16:00Z")).unwrap();
        }
        assert!(outreach.service_case(case).unwrap().call_back_by.is_some());
        let page = s.page(&format!("/cases/{case}?lang=en")).await;
        assert_eq!(page.contains("The customer was told"), !silent, "{page}");
    }
}
