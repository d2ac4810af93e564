//! Service that people have registered by running hours: looked at as soon as a counter or a registration makes another work due, or
//! none any more, and at all machines once a day.

use foretell_model::{MINUTE_MS, MachineId, Timestamp};
use foretell_outreach::service::ServiceWatch;
use foretell_outreach::{MachineContext, Outreach};

use super::context;
use super::engine_room::EngineRoom;

/// Machines whose contexts are held at once.
const AT_ONCE: usize = 200;

/// The looks at registered service.
#[derive(Debug, Default)]
pub(super) struct ByHours {
    watch: ServiceWatch,
    /// Of what was registered at the last look, the newest.
    registry: Option<i64>,
    /// When that was: the day, and where counters are followed the minute.
    at: Option<i64>,
}

impl ByHours {
    /// Looks where it is time to: when people have registered something, when a day has begun, and where `follows` the counters each
    /// minute.
    pub(super) fn look(&mut self, outreach: &Outreach, room: &EngineRoom, (now, follows): (Timestamp, bool)) {
        if let Err(error) = self.try_look(outreach, room, (now, follows)) {
            tracing::error!(error = &error as &dyn std::error::Error, "Service by hours could not be looked at.");
        }
    }

    fn try_look(
        &mut self,
        outreach: &Outreach,
        room: &EngineRoom,
        (now, follows): (Timestamp, bool),
    ) -> foretell_outreach::Result<()> {
        let desk = outreach.desk()?;
        let registry = Some(desk.registry_version());
        let at = Some(if follows { now.millis().div_euclid(MINUTE_MS) } else { now.day() });
        if (registry, at) == (self.registry, self.at) {
            return Ok(());
        }
        let counters = room.counters(desk.with_service());
        // Held any longer, it would be copied by whoever brings it up to date.
        drop(desk);
        let wanted = outreach.services_to_check(&mut self.watch, &counters, now)?;
        (self.registry, self.at) = (registry, at);
        let mut kept = 0;
        for some in wanted.chunks(AT_ONCE) {
            let of = |id: &MachineId| Some((id.clone(), context::of(&room.brief(id)?)));
            let machines: Vec<(MachineId, MachineContext)> = some.iter().filter_map(of).collect();
            match outreach.check_services(&machines, now) {
                Ok(more) => kept += more,
                Err(error) => {
                    self.watch.forget(some);
                    tracing::error!(error = &error as &dyn std::error::Error, "Service by hours could not be checked.");
                }
            }
        }
        if kept > 0 {
            room.changed();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use foretell_engine::EngineOptions;
    use foretell_model::{DAY_MS, Event, Logged, Offset, Quality, Reading, Signal, Signals};
    use foretell_outreach::{OutreachOptions, Registry};

    use super::*;

    const REGISTRY: &str = r#"
[[advisor]]
id = "wang"
name = { en = "Min Wang", zh = "王敏" }
role = { en = "service advisor", zh = "服务顾问" }
phone = "1"

[[customer]]
id = "acme"
name = "Acme"
language = "en"
advisor = "wang"

[[site]]
id = "s1"
customer = "acme"

[[machine]]
id = "s1/m1"
number = "No. 1"
service = [{ work = "oil_changed", interval_h = 4000, last_done_h = 8000 }]
"#;

    fn day(n: i64) -> Timestamp {
        Timestamp::parse("2026-07-01T00:00:00Z").unwrap() + n * DAY_MS
    }

    /// Readings of a machine that runs day and night, with a counter of 11,300 h on the first day.
    fn run(room: &EngineRoom, days: std::ops::Range<i64>) {
        let reading = |minute: i64| {
            let ts = day(0) + minute * MINUTE_MS;
            let mut signals = Signals::empty();
            signals.set(Signal::DischargeTemp, 82.0);
            signals.set(Signal::MotorCurrent, 90.0);
            signals.set(Signal::RunHours, 11_300.0 + minute as f64 / 60.0);
            let machine = MachineId::parse("s1/m1").unwrap();
            let event =
                Event::Reading(Reading { machine, ts, arrived: ts, signals, state: None, quality: Quality::Good });
            Logged { offset: Offset(minute as u64 + 1), event }
        };
        let entries: Vec<Logged> = (days.start * 1440..days.end * 1440).step_by(5).map(reading).collect();
        room.advance(&entries, &mut Vec::new());
    }

    #[test]
    fn a_backlog_and_a_registration_are_followed_as_they_come() {
        let dir = tempfile::tempdir().unwrap();
        let options = OutreachOptions::new(Arc::new(crate::service::catalogue(None).unwrap()));
        let outreach = Outreach::open(&dir.path().join("service.sqlite"), options).unwrap();
        outreach.import(&Registry::from_toml(REGISTRY).unwrap(), "test", day(0)).unwrap();
        let (room, mut by_hours) = (EngineRoom::new(EngineOptions::default()), ByHours::default());
        let mut look = |minute: i64| {
            by_hours.look(&outreach, &room, (day(15) + minute * MINUTE_MS, true));
            outreach.queue(day(15)).unwrap().len()
        };
        run(&room, 0..3);
        assert_eq!(look(0), 0, "628 hours are left by what is known");
        // It was off line for twelve days, and has run all the while.
        run(&room, 3..15);
        assert_eq!(look(0), 0, "at most once a minute");
        assert_eq!(look(1), 1, "due in two weeks");
        let mut own = outreach.machine(&MachineId::parse("s1/m1").unwrap()).unwrap().unwrap();
        own.service[0].last_done_h = 11_650.0;
        outreach.register_machine(&own, "test", day(15)).unwrap();
        assert_eq!(look(1), 0, "it was done, somebody says");
        own.service[0].interval_h = 300.0;
        outreach.register_machine(&own, "test", day(15)).unwrap();
        assert_eq!(look(1), 1, "at another interval it is due again");
    }
}
