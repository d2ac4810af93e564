//! A technician's day, customers' links and pictures over the made-up fleet.

use foretell_console::accounts::Erasure;
use foretell_console::photo::{self, Prepared};
use foretell_console::view::{
    BookingState, CaseReport, Choice, Colleague, ContactPerson, Curve, EarlierVisit, Errand, FieldAct, GuestChoice,
    GuestPage, GuestReport, GuestTask, GuestVisit, PartToBring, Person, PhotoOf, PhotoView, RecordLine, Slot, Task,
    TaskInFull, VisitDay, VisitLine, VisitPage, VisitState, Way,
};
use foretell_console::{Backend as _, BackendError, Field, Lang};
use foretell_model::{Entered, Finding, Obstacle};

use super::desk::task;
use super::fleet::{SHANGHAI, at, now};
use super::{Fake, guest_case, health, missing};

/// What was done in the field since the start.
#[derive(Debug, Default)]
pub(super) struct InField {
    way: Way,
    done: Option<CaseReport>,
    missed: bool,
    photos: Vec<(i64, Prepared, String)>,
    choice: Option<GuestChoice>,
    pub(super) erased: Vec<String>,
}

const MINUTE_MS: i64 = 60_000;

/// Two colours over each other: enough of a picture.
fn picture(id: i64) -> Vec<u8> {
    let tone = |n: i64| (40 + (id * 53 + n * 71) % 160) as u8;
    let pixels = image::RgbImage::from_fn(96, 72, |_, y| {
        if y < 40 { image::Rgb([tone(1), tone(2), tone(3)]) } else { image::Rgb([tone(4), tone(5), tone(6)]) }
    });
    let mut png = std::io::Cursor::new(Vec::new());
    pixels.write_to(&mut png, image::ImageFormat::Png).expect("a picture in memory");
    photo::prepare(&png.into_inner()).expect("a sound picture").full
}

pub(super) fn report() -> CaseReport {
    CaseReport { done: [true; 5], parts: vec![("oil_filter".to_owned(), 2)], ..CaseReport::default() }
}

impl Fake {
    fn line(&self, id: i64) -> Result<VisitLine, BackendError> {
        let place = usize::try_from(id - 31).ok().filter(|n| *n < 3).ok_or_else(|| missing("visit"))?;
        let (machine, from, works) = [
            (1, "2026-07-18T06:30:00Z", "cooler_cleaned"),
            (0, "2026-07-18T09:00:00Z", "oil_changed"),
            (6, "2026-07-20T07:00:00Z", "cooler_cleaned"),
        ][place];
        let detail = self.with(|state| state.machines[machine].summary.clone());
        let field = self.with(|s| (s.field.way.clone(), s.field.done.is_some(), s.field.missed));
        // The second visit of the day is to two machines.
        let mut tasks = vec![task(&detail, "cooler_clogging", works)];
        if place == 1 {
            let other = self.with(|state| state.machines[3].summary.clone());
            tasks.push(task(&other, "separator_clogging", "separator_replaced"));
        }
        let (way, done, missed) = if place == 0 { field } else { (Way::default(), false, false) };
        Ok(VisitLine {
            id,
            case: format!("{}/cooler_clogging/1", detail.id),
            slot: Slot { from: at(from), to: at(from) + 90 * MINUTE_MS },
            zone: detail.zone,
            state: if done {
                VisitState::Done
            } else if missed {
                VisitState::Missed
            } else {
                VisitState::Booked
            },
            customer: detail.customer.clone(),
            site_name: detail.site_name.clone(),
            address: if detail.zone == SHANGHAI {
                "苏州市工业园区金鸡湖大道88号"
            } else {
                "Hafenstraße 12, Bremen"
            }
            .to_owned(),
            tasks,
            technician: "Jonas Weber".to_owned(),
            way,
        })
    }

    fn shown(&self, errand: Errand) -> Vec<PhotoView> {
        let mut photos = match errand {
            Errand::Visit(31) => vec![PhotoView { id: 11, caption: "Before".to_owned() }],
            _ => Vec::new(),
        };
        photos.extend(self.with(|state| {
            let own = state.field.photos.iter();
            own.map(|(id, _, caption)| PhotoView { id: *id, caption: caption.clone() }).collect::<Vec<_>>()
        }));
        photos
    }
}

impl Field for Fake {
    fn visit_day(&self, technician: Option<&str>, _: (usize, usize), _: Lang) -> Result<VisitDay, BackendError> {
        let name = |key: &str, name: &str| Choice { key: key.to_owned(), name: name.to_owned() };
        Ok(VisitDay {
            changes: Vec::new(),
            now: now(),
            zone: SHANGHAI,
            of: technician.unwrap_or_default().to_owned(),
            technicians: vec![name("weber", "Jonas Weber"), name("zhou", "周明")],
            visits: match technician {
                Some("zhou") => Vec::new(),
                Some("weber") | None => (31..34).map(|id| self.line(id)).collect::<Result<_, _>>()?,
                Some(other) => return Err(missing(other)),
            },
            all: if technician == Some("zhou") { 0 } else { 3 },
            today: if technician == Some("zhou") { 0 } else { 2 },
            cases: self.with(|state| state.desk.cases().open).into_iter().filter(|case| case.sent.is_some()).collect(),
        })
    }

    fn technician_of(&self, login: &str) -> Result<Option<String>, BackendError> {
        Ok((login == "weber").then(|| login.to_owned()))
    }

    fn sent_on(&self, errand: Errand) -> Result<Option<String>, BackendError> {
        match errand {
            Errand::Visit(33) => Ok(Some("zhou".to_owned())),
            Errand::Visit(id) => self.line(id).map(|_| Some("weber".to_owned())),
            Errand::Case(id) => Ok(self.case(id, Lang::En)?.case.sent.map(|_| "weber".to_owned())),
        }
    }

    fn visit(&self, id: i64, lang: Lang) -> Result<VisitPage, BackendError> {
        let line = self.line(id)?;
        let zh = lang == Lang::Zh;
        let finding = self.with(|state| state.machines[1].open[0].clone());
        let caller = |name: &str, role: &str, phone: &str| ContactPerson {
            name: name.to_owned(),
            role: role.to_owned(),
            phone: phone.to_owned(),
            email: String::new(),
        };
        let said = |when: &str, who: &str, what: &str, why: &str| RecordLine {
            at: at(when),
            who: who.to_owned(),
            what: what.to_owned(),
            why: why.to_owned(),
            machine: line.tasks[0].machine_name.clone(),
        };
        let full = |task: &Task| TaskInFull {
            task: task.clone(),
            finding: finding.clone(),
            model: "GA75".to_owned(),
            rated_kw: Some(75.0),
            verdict: None,
        };
        Ok(VisitPage {
            now: now(),
            tasks: line.tasks.iter().map(full).collect(),
            place_deg: Some((31.32, 120.71)),
            people: vec![caller("张经理", "", "0512-5550 0102"), caller("老马", "空压站", "139 0000 0119")],
            stage: Some(2),
            reader: Lang::Zh,
            note_lacks: false,
            advisor: Person { name: "王敏".into(), role: "服务顾问".into(), phone: "+86 21 5555 0101".into() },
            parts: vec![
                PartToBring { part: "oil_filter".into(), depot: if zh { "苏州仓" } else { "Suzhou" }.into(), n: 6 },
                PartToBring { part: "separator_element".into(), depot: String::new(), n: 0 },
            ],
            depots: vec![Choice { key: "suzhou".into(), name: if zh { "苏州仓" } else { "Suzhou" }.into() }],
            depot: "suzhou".into(),
            record: vec![
                said("2026-07-16T02:10:00Z", "customer", "other_time", "下午三点以后最好，大门在北侧"),
                said("2026-07-16T03:00:00Z", "王敏", "called_unreached", ""),
            ],
            earlier: vec![EarlierVisit {
                at: at("2026-05-12T03:00:00Z"),
                machine_name: line.tasks[0].machine_name.clone(),
                works: vec!["oil_changed".into()],
                looked_at: Vec::new(),
                technician: "周明".into(),
                note: "油位视窗有点花".into(),
            }],
            minutes: self.with(|state| state.field.done.is_some()).then_some(85),
            report: self.with(|state| state.field.done.clone()).filter(|_| id == 31),
            photos: self.shown(Errand::Visit(id)),
            line,
        })
    }

    fn act_in_field(&self, errand: Errand, act: FieldAct, _by: &str) -> Result<(), BackendError> {
        match errand {
            Errand::Visit(id) => drop(self.line(id)?),
            Errand::Case(id) => drop(self.case(id, Lang::En)?),
        }
        self.with(|state| {
            let field = &mut state.field;
            match act {
                FieldAct::TakeBack { seen: Some(seen), .. } if (seen == Entered::Report) != field.done.is_some() => {
                    return Err(Obstacle::Stale.into());
                }
                _ if field.done.is_some() => return Err(Obstacle::VisitDone.into()),
                FieldAct::SetOut { minutes } => {
                    field.way.set_out.get_or_insert(now());
                    field.way.arrival =
                        minutes.and_then(|minutes| super::desk::expected(now() + i64::from(minutes) * MINUTE_MS));
                }
                FieldAct::Located { .. } if !field.way.is_under_way() => {
                    return Err(Obstacle::NotSetOut.into());
                }
                FieldAct::Located { place_deg } => field.way.km = Some(place_deg.0.abs()),
                FieldAct::Arrived => field.way.arrived = Some(now()),
                FieldAct::Done { report, .. } => field.done = Some(report),
                FieldAct::Missed { .. } => field.missed = true,
                FieldAct::Note { .. } | FieldAct::TakeBack { .. } => field.way.arrived = None,
            }
            Ok(())
        })
    }

    fn add_photo(&self, _: PhotoOf, photo: Prepared, caption: &str, _by: &str) -> Result<i64, BackendError> {
        Ok(self.with(|state| {
            let id = 100 + state.field.photos.len() as i64;
            state.field.photos.push((id, photo, caption.to_owned()));
            id
        }))
    }

    fn photo(&self, id: i64, small: bool) -> Result<Vec<u8>, BackendError> {
        let own = self.with(|state| {
            let found = state.field.photos.iter().find(|(known, ..)| *known == id);
            found.map(|(_, photo, _)| if small { photo.small.clone() } else { photo.full.clone() })
        });
        match own {
            Some(bytes) => Ok(bytes),
            None if (1..20).contains(&id) => Ok(picture(id)),
            None => Err(missing("photo")),
        }
    }

    fn delete_photo(&self, id: i64, _by: &str) -> Result<(), BackendError> {
        self.with(|state| state.field.photos.retain(|(known, ..)| *known != id));
        Ok(())
    }

    fn caption_photo(&self, id: i64, caption: &str, _by: &str) -> Result<(), BackendError> {
        self.with(|state| {
            let known = state.field.photos.iter_mut().find(|(known, ..)| *known == id);
            if let Some(photo) = known {
                caption.clone_into(&mut photo.2);
            }
        });
        Ok(())
    }

    fn photos(&self, errand: Errand) -> Result<Vec<PhotoView>, BackendError> {
        Ok(self.shown(errand))
    }

    fn team(&self, _: Lang) -> Result<Vec<Colleague>, BackendError> {
        let person = |key: &str, name: &str, role: &str, badge: &str, portrait| Colleague {
            key: key.to_owned(),
            name: name.to_owned(),
            role: role.to_owned(),
            phone: "+86 21 5555 0101".to_owned(),
            badge: badge.to_owned(),
            portrait,
        };
        Ok(vec![
            person("weber", "Jonas Weber", "", "T-0417", Some(1)),
            person("zhou", "周明", "", "T-0422", None),
            person("wang", "王敏", "服务顾问", "", Some(2)),
        ])
    }

    fn guest_mark(&self, token: &str) -> Result<u64, BackendError> {
        self.guest(token).map(|_| self.revision().borrow().to_owned())
    }

    fn guest(&self, token: &str) -> Result<GuestPage, BackendError> {
        let zh = token.ends_with("zh");
        let lang = if zh { Lang::Zh } else { Lang::En };
        if token.starts_with("case-") {
            return Ok(GuestPage::Case(guest_case::case(token, lang)));
        }
        let page = self.booking(token)?;
        let booked = matches!(page.state, BookingState::Booked(_) | BookingState::Past(_));
        let done = ["done-", "call-", "again-", "both-"].iter().any(|when| token.starts_with(when));
        let machine = self.with(|state| state.machines[1].summary.id.clone());
        let effects = health::report(self.machine(&machine)?, span(), lang).effects;
        let effects: Vec<Finding> =
            effects.into_iter().filter(|finding| finding.fault.as_str() == "cooler_cleaned").collect();
        let own = GuestTask {
            machine,
            machine_name: page.own_name.clone(),
            works: vec!["cooler_cleaned".to_owned()],
            looked_at: Vec::new(),
            effects: effects.clone(),
            said: (!effects.is_empty()).then(|| match page.lang {
                Lang::En => "The discharge temperature is about 6 °C lower.".to_owned(),
                Lang::Zh => "排气温度降了6 ℃左右。".to_owned(),
            }),
        };
        // Of the others the effect is not known yet.
        let other = |(name, _): &(String, Curve)| GuestTask {
            machine_name: name.clone(),
            works: vec!["separator_replaced".to_owned()],
            effects: Vec::new(),
            said: None,
            ..own.clone()
        };
        let tasks: Vec<GuestTask> = std::iter::once(own.clone()).chain(page.others.iter().map(other)).collect();
        let visit = GuestVisit {
            comer: Some(guest_case::comer(page.lang)),
            way: if token.starts_with("way-") { guest_case::on_the_way() } else { Way::default() },
            done,
            at: at("2026-07-10T03:00:00Z"),
            tasks,
            report: Some(report()),
            minutes: Some(85),
            photos: vec![
                PhotoView { id: 11, caption: if zh { "清洗前" } else { "Before" }.to_owned() },
                PhotoView { id: 12, caption: if zh { "清洗后" } else { "After" }.to_owned() },
            ],
        };
        let stopped = if zh { "case-early-zh" } else { "case-early-en" };
        let is_broken = token.starts_with("stopped-") || token.starts_with("half-");
        let trouble = is_broken.then(|| (stopped.to_owned(), guest_case::case(stopped, lang)));
        let (visit, troubles) = ((booked || done).then_some(visit), trouble.into_iter().collect());
        Ok(GuestPage::Letter { page, visit, earlier: None, portrait: Some(2), troubles })
    }

    fn guest_photo(&self, token: &str, id: i64, small: bool) -> Result<Vec<u8>, BackendError> {
        self.guest(token)?;
        if id == 99 { Err(missing("photo")) } else { self.photo(id, small) }
    }

    fn guest_report(&self, token: &str, _machine: Option<&str>) -> Result<GuestReport, BackendError> {
        self.guest(token)?;
        let lang = if token.ends_with("zh") { Lang::Zh } else { Lang::En };
        let machine = self.with(|state| state.machines[1].summary.id.clone());
        Ok(GuestReport { lang, report: health::report(self.machine(&machine)?, span(), lang) })
    }

    fn guest_choice(&self, token: &str) -> Result<GuestChoice, BackendError> {
        self.guest(token)?;
        let lang = if token.ends_with("zh") { Lang::Zh } else { Lang::En };
        Ok(self.with(|state| state.field.choice.clone()).unwrap_or_else(|| GuestChoice {
            lang,
            media: vec![("email".to_owned(), true), ("sms".to_owned(), false)],
            from: "08:00".to_owned(),
            until: "20:00".to_owned(),
        }))
    }

    fn choose(&self, token: &str, choice: GuestChoice) -> Result<(), BackendError> {
        self.guest(token)?;
        if choice.from >= choice.until {
            return Err(Obstacle::HoursInvalid.into());
        }
        self.with(|state| state.field.choice = Some(choice));
        Ok(())
    }

    fn report_trouble(&self, token: &str, _which: Option<&str>, _what: &str) -> Result<String, BackendError> {
        self.guest(token)?;
        Ok(format!("/b/case-{}", if token.ends_with("zh") { "zh" } else { "en" }))
    }

    fn customer_data(&self, id: &str) -> Result<String, BackendError> {
        self.customer(id, Lang::En)?;
        Ok(format!("{{\"customer\":\"{id}\"}}\n"))
    }

    fn erase_customer(&self, id: &str, _by: &str) -> Result<(), BackendError> {
        self.customer(id, Lang::En)?;
        self.with(|state| state.field.erased.push(id.to_owned()));
        Ok(())
    }

    fn colleague_data(&self, login: &str, names: &[String]) -> Result<serde_json::Value, BackendError> {
        Ok(serde_json::json!({ "technician": [{ "id": login }], "record": names }))
    }

    fn erase_colleague(&self, colleague: &Erasure) -> Result<(), BackendError> {
        self.with(|state| state.field.erased.extend(colleague.names.iter().cloned()));
        Ok(())
    }
}

fn span() -> foretell_console::Span {
    foretell_console::Span::looking_back((None, None), now())
}
