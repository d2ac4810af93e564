//! What an advisor decides, and what stands beside the form when it cannot be done.

use super::*;

#[tokio::test]
async fn a_template_is_previewed_saved_refused_and_taken_back() {
    let app = app();
    let page = |path: &str| send(app.clone(), Request::get(path).body(Body::empty()).unwrap());
    let post = |path: &str, body: &str| send(app.clone(), form(path, body));
    let one = "/templates/fault.en.j2";
    let list = page("/templates?lang=en").await.body;
    assert!(list.contains("as shipped") && list.contains(one) && !list.contains("edited by"), "{list}");
    assert_well_formed(&list, "/templates");
    let shown = page(&format!("{one}?lang=en")).await.body;
    assert!(shown.contains("{{ say.greeting(contact) }}") && shown.contains("No faults found."), "{shown}");
    assert_well_formed(&shown, one);

    let bad = "revision=0&why=&of=&source=Subject%3A+x%0D%0Ahey%21+%3Cb%3E";
    for (path, status) in [(format!("{one}/preview?lang=en"), 200), (format!("{one}?lang=en"), 422)] {
        let answer = post(&path, bad).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.body.contains("Line 2, “hey! &#60;b&#62;”: No exclamation marks, please."), "{}", answer.body);
        assert!(answer.body.contains("hey! &#60;b&#62;</textarea>"), "what was typed stays: {}", answer.body);
    }
    let good = "revision=0&why=shorter&of=a%2Fb&source=Subject%3A+x%0AShort%3A+y%0Az";
    let saved = post(one, good).await;
    assert_eq!(
        (saved.status, saved.header("location")),
        (StatusCode::SEE_OTHER, "/templates/fault.en.j2?done=saved&of=a%2Fb")
    );
    assert!(page("/templates?lang=en").await.body.contains("edited by console"));
    assert_eq!(post(one, good).await.status, StatusCode::CONFLICT, "somebody was faster");
    let undone = post(&format!("{one}/undo"), "revision=1&why=").await;
    assert_eq!(undone.header("location"), "/templates/fault.en.j2?done=undone");
    let after = page(&format!("{one}?lang=zh-CN")).await.body;
    assert!(after.contains("修改：shorter") && after.contains("恢复了原内容"), "{after}");
    assert_eq!(page("/templates/nothing.en.j2").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_advisor_decides_once_and_only_on_what_was_seen() {
    let backend = Arc::new(fake::Fake::new(None));
    let app = router(backend.clone(), ConsoleOptions::new(fake::catalogue()));
    let id = "id=s01%2Fm002%2Fcooler_clogging%2F1";
    let edit =
        send(app.clone(), form("/queue/edit", &format!("{id}&revision=3&subject=Neu&body=A%0D%0A%0D%0AB"))).await;
    assert_eq!((edit.status, edit.header("location")), (StatusCode::SEE_OTHER, &*format!("{CARD}?done=edited")));
    let card = backend.advisory("s01/m002/cooler_clogging/1").unwrap();
    assert_eq!((card.draft.subject.as_str(), card.draft.body.as_str(), card.revision), ("Neu", "A\n\nB", 4));
    let stale = send(app.clone(), form("/queue/approve", &format!("{id}&revision=3"))).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    let empty = send(app.clone(), form("/queue/postpone", &format!("{id}&revision=4&days=3&reason="))).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let approve = send(app.clone(), form("/queue/approve", &format!("{id}&revision=4"))).await;
    assert_eq!(approve.status, StatusCode::SEE_OTHER);
    let shown = send(app.clone(), Request::get(approve.header("location")).body(Body::empty()).unwrap()).await;
    assert!(shown.body.contains("Approved. It will go out") && !shown.body.contains("action=\"/queue/approve\""));
    let call = send(app, form("/queue/call", "id=s03%2Fk-01%2Fcooler_clogging%2F1&revision=3")).await;
    assert_eq!(call.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_edited_text_that_cannot_be_saved_is_kept() {
    let app = router(Arc::new(fake::Fake::new(None)), ConsoleOptions::new(fake::catalogue()));
    let edit = |revision: u8, body: &str, lang: &str| {
        let id = "id=s01%2Fm002%2Fcooler_clogging%2F1";
        form(&format!("/queue/edit?lang={lang}"), &format!("{id}&revision={revision}&subject=Mine&body={body}"))
    };
    for (revision, body, lang, status, problem) in [
        (2, "My+words", "en", StatusCode::CONFLICT, "The forecast was updated meanwhile."),
        (2, "My+words", "zh-CN", StatusCode::CONFLICT, "其间预测已更新"),
        (3, "My+words!", "en", StatusCode::UNPROCESSABLE_ENTITY, "No exclamation marks, please."),
        (3, "My+words!", "zh-CN", StatusCode::UNPROCESSABLE_ENTITY, "请不要使用感叹号。"),
        (3, "", "en", StatusCode::UNPROCESSABLE_ENTITY, "A message needs a subject"),
    ] {
        let answer = send(app.clone(), edit(revision, body, lang)).await;
        assert_eq!(answer.status, status, "{body} {lang}");
        assert!(answer.body.contains(problem) && answer.body.contains("value=\"Mine\""), "{}", answer.body);
        assert!(answer.body.contains("<details open>") && answer.body.contains("name=\"revision\" value=\"3\""));
        assert!(body.is_empty() || answer.body.contains("My words"));
        assert_well_formed(&answer.body, problem);
    }
}

#[tokio::test]
async fn a_colleague_s_words_are_not_replaced_unseen() {
    let app = router(Arc::new(fake::Fake::new(None)), ConsoleOptions::new(fake::catalogue()));
    let edit = |revision: u8, lang: &str, body: &str| {
        let id = "id=s01%2Fm002%2Fcooler_clogging%2F1";
        form(&format!("/queue/edit?lang={lang}"), &format!("{id}&revision={revision}&subject=Mine&body={body}"))
    };
    assert_eq!(send(app.clone(), edit(3, "en", "First+words")).await.status, StatusCode::SEE_OTHER);
    for (lang, cause) in [("en", "A colleague has changed this letter"), ("zh-CN", "同事已改过这封信")] {
        let answer = send(app.clone(), edit(3, lang, "Second+words")).await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
        for shown in [cause, "<p>First words</p>", ">Second words</textarea>", "name=\"revision\" value=\"4\""] {
            assert!(answer.body.contains(shown), "no {shown}: {}", answer.body);
        }
    }
    assert_eq!(send(app, edit(4, "en", "Both")).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn nobody_is_asked_to_approve_what_may_not_be_sent() {
    let app = router(Arc::new(fake::Fake::new(None)), ConsoleOptions::new(fake::catalogue()));
    let stopped = send(app.clone(), form("/b/token-zh/stop", "")).await;
    assert_eq!(stopped.status, StatusCode::SEE_OTHER);
    for (lang, why) in [("en", "wants no such messages"), ("zh-CN", "客户已退订此类消息")] {
        let path = format!("{CARD}?lang={lang}");
        let body = send(app.clone(), Request::get(path).body(Body::empty()).unwrap()).await.body;
        assert!(body.contains(why) && !body.contains("action=\"/queue/approve\""), "{body}");
        assert!(body.contains("<details open><summary class=\"button primary\">"), "{body}");
    }
}

#[tokio::test]
async fn a_call_is_recorded_a_visit_booked_and_settled() {
    let app = router(Arc::new(fake::Fake::new(None)), ConsoleOptions::new(fake::catalogue()));
    let id = "id=s01%2Fm002%2Fcooler_clogging%2F1";
    let shown = || async { send(app.clone(), Request::get(CARD).body(Body::empty()).unwrap()).await.body };
    for (path, revision, body, expected) in [
        ("/queue/call", 3, "", "action=\"/queue/called\""),
        ("/queue/called", 4, "&remark=engaged&then=again", "0512-5550 0102"),
        // As the customer's clock shows it, and in the past, so that the visit is over.
        ("/queue/book", 5, "&when=2026-07-17T09:00", "Friday 17 July, 09:00–10:30 has passed."),
        ("/queue/undone", 6, "&reason=gate+closed", "<p class=\"say\">The visit did not take place: gate closed"),
        ("/queue/book", 7, "&from=1784509200000", "Booked for 20 Jul, 09:00"),
        ("/queue/move", 8, "&from=typed&when=2026-07-21T09:00&reason=rang&told=on", "Booked for 21 Jul, 09:00"),
        ("/queue/move", 9, "&from=1784509200000&when=&reason=rang", "Booked for 20 Jul, 09:00"),
        (
            "/queue/cancel",
            10,
            "&reason=holidays&then=call",
            "<p class=\"say\">The customer cancelled the visit: holidays",
        ),
        ("/queue/close", 11, "&reason=sold", "Closed"),
    ] {
        let answer = send(app.clone(), form(path, &format!("{id}&revision={revision}{body}"))).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.body);
        let body = shown().await;
        assert!(body.contains(expected), "{path}: no {expected:?}");
        assert_well_formed(&body, path);
    }
    let empty = send(app.clone(), form("/queue/close", &format!("{id}&revision=9&reason="))).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn an_odd_hour_is_asked_back_once_and_what_was_typed_stays() {
    let app = router(Arc::new(fake::Fake::new(None)), ConsoleOptions::new(fake::catalogue()));
    let id = "id=s01%2Fm002%2Fcooler_clogging%2F1";
    let booked = send(app.clone(), form("/queue/book", &format!("{id}&revision=3&from=1784509200000"))).await;
    assert_eq!(booked.status, StatusCode::SEE_OTHER);
    let calendar =
        send(app.clone(), Request::get(format!("{CARD}?open=move&lang=en")).body(Body::empty()).unwrap()).await;
    let open = "<details open><summary class=\"button\">Move the visit</summary>";
    assert!(calendar.body.contains(open) && calendar.body.contains("value=\"The customer rang\""), "{}", calendar.body);
    assert!(!calendar.body.contains("name=\"agreed\""), "nobody is asked before there is anything to ask");
    let typed = "&from=typed&when=2026-07-20T03:00&reason=night+shift&told=on";
    let asked = send(app.clone(), form("/queue/move", &format!("{id}&revision=4{typed}"))).await;
    assert_eq!(asked.status, StatusCode::CONFLICT);
    for part in [
        open,
        "tick the box",
        "name=\"agreed\"",
        "value=\"typed\" checked",
        "value=\"2026-07-20T03:00\"",
        "value=\"night shift\"",
        "name=\"told\" checked",
    ] {
        assert!(asked.body.contains(part), "{part:?} is lost: {}", asked.body);
    }
    assert_well_formed(&asked.body, "/queue/move");
    let agreed = send(app.clone(), form("/queue/move", &format!("{id}&revision=5{typed}&agreed=on"))).await;
    assert_eq!((agreed.status, agreed.header("location")), (StatusCode::SEE_OTHER, &*format!("{CARD}?done=moved")));
    for body in ["&reason=&then=call", "&reason=x&then=", "&reason=x"] {
        let answer = send(app.clone(), form("/queue/cancel", &format!("{id}&revision=6{body}"))).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
}

#[tokio::test]
async fn a_case_goes_from_the_call_to_the_checklist() {
    let app = router(Arc::new(fake::Fake::new(None)), ConsoleOptions::new(fake::catalogue()));
    let shown = || async { send(app.clone(), Request::get("/cases/103").body(Body::empty()).unwrap()).await.body };
    for (path, body, expected) in [
        ("/cases/103/called", "remark=Comes+at+once", "Send somebody"),
        (
            "/cases/103/send",
            "technician=weber&eta=2026-07-18T10:00",
            "Expected on site 18 Jul, 10:00 Berlin time · as of",
        ),
        ("/cases/103/arrived", "", "Leave the place tidy"),
        (
            "/cases/103/close",
            "test_run=on&tidy=on&old_parts=on&report=on&left_out=none+left&part_1=inlet_valve_kit&n_1=2&note=",
            "2 × inlet valve kit",
        ),
    ] {
        let answer = send(app.clone(), form(path, body)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.body);
        let body = shown().await;
        assert!(body.contains(expected), "{path}: no {expected:?}");
        // Whoever is chosen has not set out yet, and whoever is there is expected no more.
        let (is_sent, is_awaited) = (path.ends_with("/send"), body.contains("Expected on site 18 Jul"));
        assert_eq!((is_sent, is_sent), (body.contains("Not on the way yet"), is_awaited), "{path}");
        // What can be taken back is said, so that a form sent twice takes one step back.
        let back = [("arrived", "arrival"), ("close", "report")].into_iter().find(|(act, _)| path.ends_with(act));
        if let Some((_, seen)) = back {
            assert!(body.contains(&format!("name=\"seen\" value=\"{seen}\"")), "{path}");
        }
        assert_well_formed(&body, path);
    }
    let late = send(app.clone(), form("/cases/103/arrived", "")).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "it is closed");
}

#[tokio::test]
async fn the_clock_of_a_customer_far_away_is_named() {
    let app = app();
    let page = |path: &'static str| send(app.clone(), Request::get(path).body(Body::empty()).unwrap());
    for (path, en, zh) in [
        ("/cases/103", "promised by 18 Jul, 08:08 Berlin time", "承诺7月18日08:08（柏林时间）之前"),
        ("/advisory/s03%2Fk-01%2Fcooler_clogging%2F1", " Berlin time", "（柏林时间）"),
    ] {
        for (lang, expected) in [("en", en), ("zh-CN", zh)] {
            let request = Request::get(format!("{path}?lang={lang}")).body(Body::empty()).unwrap();
            let body = send(app.clone(), request).await.body;
            assert!(body.contains(expected), "{path}: {body}");
        }
    }
    // In the company's own time there is nothing to be said.
    let near = page("/cases/101?lang=en").await.body;
    assert!(near.contains("promised by") && !near.contains(" time<") && !near.contains("UTC"), "{near}");
    assert!(!page(CARD).await.body.contains("Shanghai time"));
}

#[tokio::test]
async fn what_does_not_fit_a_case_or_a_customer_is_said_beside_the_form() {
    for (path, body, status, expected) in [
        ("/cases/101/close", "test_run=on", 422, "say why it was left out"),
        ("/cases/101/close", "left_out=all&note=good+for+our+KPI", 422, "Customers are never told “kpi”"),
        ("/cases/101/send", "technician=lin&eta=soon", 422, "Please give a date and time"),
        ("/cases/101/send", "technician=lin&eta=2020-01-01T10:00", 409, "The time given has passed"),
        ("/cases/101/send", "technician=lin&eta=2099-01-01T10:00", 409, "The time given is too far ahead"),
        ("/cases/101/found", "fault=zzz&minutes=30", 422, "Please choose what you found"),
        ("/cases/101/found", "fault=&minutes=9999999", 422, "1440"),
        ("/cases/101/found", "fault=&minutes=0", 422, "1440"),
        ("/cases/101/found", "fault=", 422, "1440"),
        ("/customers/hansa/stop", "medium=pigeon&why=x", 404, "There is no such page"),
        ("/cases/97/called", "remark=x", 409, "The breakdown case is closed already."),
        ("/cases", "machine=nowhere&what=x", 422, "nowhere"),
        ("/cases/9999/arrived", "", 404, "There is no such page"),
        ("/customers/nobody/stage", "stage=2&why=x", 404, "There is no such page"),
        ("/customers/hansa/stage", "stage=6&why=x", 422, "Please choose who takes over"),
        ("/queue/verdict", "id=s01%2Fm002%2Fcooler_clogging%2F1&found=perhaps", 422, "Please choose what you found"),
    ] {
        let answer = send(app(), form(path, body)).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.body);
        assert!(answer.body.contains(expected), "{path}: no {expected:?}");
        assert_well_formed(&answer.body, path);
    }
    // On site: the note that is not fit for the customer's eyes is still there to be mended.
    let app = app();
    assert_eq!(send(app.clone(), form("/cases/101/arrived", "")).await.status, StatusCode::SEE_OTHER);
    let again = send(app, form("/cases/101/close", "left_out=all&note=good+for+our+KPI")).await;
    assert!(again.body.contains(">good for our KPI</textarea>") && again.body.contains("reads this word for word"));
}

#[tokio::test]
async fn a_machine_is_chosen_by_what_people_call_it() {
    let listed = get("/cases?lang=en").await.body;
    assert!(
        listed.contains("list=\"machines\"")
            && listed.contains("<option value=\"恒丰纺织有限公司 · 苏州东厂 · 3号机\">")
    );
    let from_machine = get("/cases?machine=s01%2Fm003&lang=en").await.body;
    assert!(from_machine.contains("value=\"恒丰纺织有限公司 · 苏州东厂 · 3号机\""), "{from_machine}");
    let one = send(app(), form("/cases", "machine=%E8%8B%8F%E5%B7%9E+3%E5%8F%B7&what=noise")).await;
    assert_eq!((one.status, one.header("location")), (StatusCode::SEE_OTHER, "/cases/200?done=opened"), "{}", one.body);
    let several = send(app(), form("/cases", "machine=%E8%8B%8F%E5%B7%9E&what=noise")).await;
    assert_eq!(several.status, StatusCode::UNPROCESSABLE_ENTITY);
    let choice = "<input type=\"radio\" name=\"machine\" value=\"s01/m003\" required>";
    assert!(several.body.contains(choice) && several.body.contains(">noise</textarea>"), "{}", several.body);
    assert_well_formed(&several.body, "/cases");
}

#[tokio::test]
async fn a_small_form_that_is_refused_keeps_what_was_typed() {
    let card = "id=s01%2Fm002%2Fcooler_clogging%2F1";
    for (path, body, status, kept) in [
        (
            "/cases/101/send",
            "technician=weber&eta=soon",
            422,
            ["value=\"weber\" selected", "name=\"eta\" value=\"soon\""],
        ),
        (
            "/queue/postpone",
            &format!("{card}&revision=2&days=7&reason=gate+closed"),
            409,
            ["value=\"7\" selected", "value=\"gate closed\""],
        ),
        (
            "/queue/book",
            &format!("{card}&revision=3&when=never"),
            422,
            ["name=\"when\" required value=\"never\"", "open"],
        ),
        (
            "/queue/book",
            &format!("{card}&revision=3&when=2026-07-20T03:00"),
            409,
            ["name=\"when\" required value=\"2026-07-20T03:00\"", "if the customer agreed to it, tick the box"],
        ),
        ("/customers/hengfeng/erase", "key=hengfen", 422, ["value=\"hengfen\"", "class=\"notice bad\" role=\"alert\""]),
    ] {
        let answer = send(app(), form(path, body)).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.body);
        for part in kept {
            assert!(answer.body.contains(part), "{path}: {part:?} is lost");
        }
        assert_well_formed(&answer.body, path);
    }
}

#[tokio::test]
async fn what_is_noted_about_a_customer_can_be_undone() {
    let app = router(Arc::new(fake::Fake::new(None)), ConsoleOptions::new(fake::catalogue()));
    for (path, body, expected) in [
        ("/customers/hansa/stage", "stage=5&why=wrote+to+the+board", "5/6 Complaint"),
        ("/customers/hansa/stage", "stage=6&to=weber&why=their+lawyer+rang", "6/6 Escalation"),
        ("/customers/hansa/stage", "stage=0&why=settled", "No complaints known"),
        ("/customers/hansa/stop", "medium=email&why=Mr+Brandt", "stopped since 18 Jul 2026"),
        ("/customers/hansa/resume", "medium=email&why=Mr+Brandt", "may go out again"),
        ("/cases", "machine=s03%2Fk-02&what=a+loud+bang", "a loud bang"),
        (
            "/queue/verdict",
            "id=s03%2Fk-01%2Fcooler_clogging%2F1&found=something_else&instead=thermostatic_valve&note=stuck",
            "stuck",
        ),
    ] {
        let answer = send(app.clone(), form(path, body)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.body);
        let next = Request::get(answer.header("location")).body(Body::empty()).unwrap();
        let body = send(app.clone(), next).await.body;
        assert!(body.contains(expected), "{path}: no {expected:?}");
        assert_well_formed(&body, path);
    }
}

#[tokio::test]
async fn a_card_says_in_words_how_content_the_customer_is_and_what_hints_otherwise() {
    for (lang, card, expected) in [
        ("en", CARD, &["2/6 Beginning to grumble", "Answer where it was said."][..]),
        ("zh-CN", CARD, &["2/6 开始抱怨", "在哪里说的，就在哪里回应。"]),
        (
            "en",
            "/advisory/s03%2Fk-01%2Fcooler_clogging%2F1",
            &[
                "1/6 Uneasy, unspoken",
                "Signs of displeasure",
                "17 Jul 2026 · Compressor 2 · a booked visit did not take place",
            ],
        ),
    ] {
        let shown = get(&format!("{card}?lang={lang}")).await.body;
        for part in expected {
            assert!(shown.contains(part), "{card}: no {part:?} in {shown}");
        }
    }
}

/// What the service design asks to be shown to an advisor, where nothing else tests it.
#[tokio::test]
async fn an_advisor_sees_what_passed_what_was_photographed_and_what_each_week_needs() {
    let whole = "/advisory/s03%2Fk-01%2Fcooler_clogging%2F1";
    for (lang, path, expected) in [
        ("en", CARD, &["<span>We, by e-mail: ", "<span>Customer, by telephone: "][..]),
        ("en", CARD, &["The times wait for the end of the customer&#39;s busy season (18 Jul 2026)."]),
        ("zh-CN", CARD, &["客户旺季到2026年7月18日结束，时间因此排在那之后。"]),
        ("en", whole, &["src=\"/photos/11/small\" alt=\"Before\""]),
        ("en", "/customers/hansa", &["<dt>Letters</dt><dd>after an advisor&#39;s approval"]),
        ("zh-CN", "/customers/hansa", &["<dt>信件</dt><dd>顾问批准后发出"]),
        ("en", "/planning", &["Week by week", "Needed that week", "<th scope=\"row\">25 Jul</th>"]),
        ("zh-CN", "/planning", &["按周查看", "当周需要"]),
        // A weekend with nothing on it makes room for the days on which somebody works.
        ("en", "/calendar", &["class=\"weekend narrow\""]),
    ] {
        let shown = get(&format!("{path}?lang={lang}")).await.body;
        for part in expected {
            assert!(shown.contains(part), "{path}: no {part:?} in {shown}");
        }
    }
}

#[tokio::test]
async fn a_customer_is_handed_over_where_there_is_somebody_to_take_over() {
    let other = "/advisory/s03%2Fk-01%2Fcooler_clogging%2F1";
    for (card, customer, possible) in [(CARD, "hengfeng", true), (other, "hansa", false)] {
        let shown = get(&format!("{card}?lang=en")).await.body;
        assert_eq!(shown.contains(&format!("/customers/{customer}#hand-over")), possible, "{card}: {shown}");
        let there = get(&format!("/customers/{customer}?lang=en")).await.body;
        assert_eq!(there.contains("id=\"hand-over\""), possible, "{customer}: {there}");
    }
}

#[tokio::test]
async fn whoever_counts_a_shelf_sees_the_count_and_what_was_wrong_with_it() {
    let app = app();
    let page = |path: &str| send(app.clone(), Request::get(path).body(Body::empty()).unwrap());
    let count = |lang: &str, depot: &str, part: &str, n: &str| {
        send(app.clone(), form(&format!("/planning/stock?lang={lang}"), &format!("depot={depot}&part={part}&n={n}")))
    };
    let before = page("/planning?lang=en").await.body;
    assert!(before.contains("Count or restock") && before.contains("苏州仓库 6"), "{before}");
    assert!(before.contains("<details><summary class=\"button\">Count or restock"), "it stands closed");
    let counted = count("en", "suzhou", "oil_filter", "12").await;
    let led = "/planning?counted=suzhou&part=oil_filter#count";
    assert_eq!((counted.status, counted.header("location")), (StatusCode::SEE_OTHER, led));
    for (lang, said, button) in [
        ("en", "Saved. 苏州仓库: oil filter, 12 in stock.", "Save the count"),
        ("zh-CN", "已保存。苏州仓库：机油滤芯，现有12件。", "保存数量"),
    ] {
        let after = page(&format!("/planning?counted=suzhou&part=oil_filter&lang={lang}")).await.body;
        assert!(after.contains(said) && after.contains(button), "{after}");
        assert!(after.contains("苏州仓库 12"), "{after}");
        assert!(after.contains("value=\"suzhou\" selected"), "the next shelf of the same depot: {after}");
        assert_well_formed(&after, lang);
    }
    for (lang, depot, part, n, said) in [
        ("en", "suzhou", "oil_filter", "-1", "“-1” is not a valid quantity. Please enter a whole number"),
        ("en", "suzhou", "oil_filter", "100001", "“100001” is not a valid quantity."),
        ("zh-CN", "hamburg", "oil_filter", "2.5", "“2.5”不是有效的数量，请填写0到100000之间的整数。"),
        ("en", "paris", "oil_filter", "3", "There is no depot “paris”. Please choose one from the list."),
        ("zh-CN", "paris", "oil_filter", "3", "没有仓库“paris”，请从列表中选择。"),
    ] {
        let refused = count(lang, depot, part, n).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{depot} {n}");
        assert!(refused.body.contains(said), "{}", refused.body);
        assert!(refused.body.contains(&format!("value=\"{n}\"")), "what was typed is kept: {}", refused.body);
    }
    assert!(page("/planning").await.body.contains("苏州仓库 12"), "what was refused changed nothing");
}
