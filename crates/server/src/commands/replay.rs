//! `foretell quarantine replay`: refused input through admission once more, with the configuration as it is now.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use foretell_history::{OpenError, ReplayClaim, Replayed, SqliteLog, SqliteQuarantine};
use foretell_ingest::decode::{Decoded, Decoder, RefusalReason};
use foretell_ingest::listener::{Anonymous, Rights};
use foretell_ingest::{is_nameless, login_of};
use foretell_model::{Clock, Event, MachineId, Quarantined, Refusal, Timestamp};

use super::interrupt::Interrupt;
use super::quarantine::{ITEMS, filter, printable, refused};
use crate::cli::QuarantineReplayArgs;
use crate::clock::WallClock;
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::output::{Output, count, verb};
use crate::progress::bar;
use crate::service::{self, REPLAYED_EVENTS_MAX, opening};

/// How long the running service may take to fetch what was admitted before we leave it to it.
const FETCHED_WITHIN: Duration = Duration::from_secs(15);

/// Input whose refusal no configuration of admission could mend: who may speak for a machine is the login's affair, and a
/// retained value without a stamp of its own has no time.
const NEVER: [&str; 2] = [RefusalReason::NotAuthorised.code(), RefusalReason::RetainedUntimed.code()];

/// So many logins are named that the configuration does not have.
const STRANGERS_SHOWN: usize = 10;

/// What became of everything that was tried.
#[derive(Debug, Default)]
struct Tally {
    admitted: u64,
    /// What tells the events of these items apart, as the log does: one that came twice is one there.
    events: HashSet<u64>,
    refused: BTreeMap<String, u64>,
    passed_over: u64,
    /// Logins that sent some of it and are not in the configuration.
    strangers: BTreeSet<String>,
    /// So much of it came without a name, and nobody may now.
    nameless: u64,
}

/// Tries everything that passes the filter, oldest first.
pub(super) fn replay(
    config: &Config,
    quarantine: &SqliteQuarantine,
    args: &QuarantineReplayArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let _claim = if args.dry_run { None } else { Some(claim(quarantine)?) };
    let (decoder, mut machines) = (decoder(config)?, Machines::of(config)?);
    let (interrupt, now) = (Interrupt::listen()?, WallClock.now());
    let newest = quarantine.list(&filter(&args.which), 0, 1).map_err(refused)?.first().map_or(0, |item| item.id);
    // What is still refused of a message comes back under a new number; it is not tried twice.
    let which = foretell_history::QuarantineFilter { before: Some(newest + 1), ..filter(&args.which) };
    let (mut tally, mut after, bar) = (Tally::default(), 0, bar("trying", newest, "items"));
    while !interrupt.is_told() {
        let items = quarantine.after(&which, after, ITEMS).map_err(refused)?;
        let Some(last) = items.last() else { break };
        after = last.id;
        let tried: Vec<Replayed> = items
            .into_iter()
            .filter_map(|item| {
                if NEVER.contains(&item.reason.as_str()) || quarantine.is_cut(&item) {
                    tally.passed_over += 1;
                    return None;
                }
                let rights = rights(config, &item.source, &mut tally);
                tally.count(admit(&decoder, &rights, item, now).and_then(|replayed| machines.take(replayed)))
            })
            .collect();
        if !args.dry_run {
            quarantine.replayed(&tried).map_err(refused)?;
        }
        bar.set_position(after);
    }
    bar.finish_and_clear();
    say(&tally, args.dry_run, interrupt.is_told(), output)?;
    // What an earlier call left may wait too.
    let waits = !args.dry_run && (!tally.events.is_empty() || quarantine.waiting().map_err(refused)? > 0);
    if waits { hand_over(config, quarantine, output) } else { Ok(()) }
}

fn claim(quarantine: &SqliteQuarantine) -> Result<ReplayClaim, Failure> {
    quarantine.claim_replay().map_err(|error| match error {
        OpenError::Locked { .. } => {
            let what = "another `foretell quarantine replay` is at work on this data directory; wait for its end";
            Failure::new(Kind::Unavailable, what)
        }
        error => opening(error),
    })
}

fn decoder(config: &Config) -> Result<Decoder, Failure> {
    let catalogue = service::catalogue(config.engine.faults_file.as_deref())?;
    let decoder = Decoder::new(service::decoder_options(config, &catalogue))
        .map_err(|error| Failure::because(Kind::Config, "could not prepare the decoder", error))?;
    if decoder.derives() {
        let log = SqliteLog::open_beside(&config.data.dir).map_err(opening)?;
        let attempted = "could not read the log to rebuild derived run hours";
        decoder.seed_from(&log).map_err(|error| service::refusing(attempted, error))?;
    }
    Ok(decoder)
}

/// The machines that there are: so many more may come in from here as from outside, or what a hostile login invented would.
struct Machines {
    known: HashSet<MachineId>,
    max: usize,
}

impl Machines {
    fn of(config: &Config) -> Result<Self, Failure> {
        let (dir, max) = (&config.data.dir, config.mqtt.machines_max);
        if !dir.join("log.db").exists() {
            return Ok(Self { known: HashSet::new(), max });
        }
        let known = SqliteLog::open_beside(dir).map_err(opening)?.machines();
        let known = known.map_err(|error| service::refusing("could not read which machines there are", error))?;
        Ok(Self { known: known.into_iter().collect(), max })
    }

    /// Takes all of an item or nothing.
    fn take(&mut self, replayed: Replayed) -> Result<Replayed, String> {
        let new: HashSet<&MachineId> =
            replayed.admitted.iter().map(Event::machine).filter(|machine| !self.known.contains(*machine)).collect();
        if !new.is_empty() && self.known.len() + new.len() > self.max {
            return Err(RefusalReason::TooManyMachines.code().to_owned());
        }
        let new: Vec<MachineId> = new.into_iter().cloned().collect();
        self.known.extend(new);
        Ok(replayed)
    }
}

/// For which machines whoever sent an item may speak now; for none, if its login is gone, or if it had none and needs one now. What
/// came from a broker, which asks its clients itself, may be about any.
fn rights(config: &Config, origin: &str, tally: &mut Tally) -> Rights {
    let Some(login) = login_of(origin) else {
        if is_nameless(origin) && config.mqtt.anonymous == Anonymous::Nobody {
            tally.nameless += 1;
            return Rights::default();
        }
        return Rights::everything();
    };
    let Some(user) = config.mqtt.users.iter().find(|user| user.name == login) else {
        tally.strangers.insert(format!("`{}`", printable(login.as_bytes())));
        return Rights::default();
    };
    Rights { publish: user.machines.clone(), subscribe: Vec::new() }
}

/// Decodes an item as when it arrived: readings without a stamp of their own count from then. One that was ahead of our clock,
/// or too old by it, is measured by the clock of now, because that of then may have been wrong.
fn admit(decoder: &Decoder, rights: &Rights, item: Quarantined, now: Timestamp) -> Result<Replayed, String> {
    let (ahead, old) = (RefusalReason::FromFuture.code(), RefusalReason::TooOld.code());
    let arrived = match &item.reason {
        reason if reason == ahead => now,
        // What waited here has not aged meanwhile.
        reason if reason == old => item.arrived.min(now),
        _ => item.arrived,
    };
    let mut decoded = Decoded::default();
    let mut decode = |arrived| {
        decoder.decode_of(rights, arrived, &item.source, (&item.topic, &item.raw), &mut decoded);
        decoded.events.is_empty() && decoded.refused.first().is_some_and(|refusal| refusal.reason == ahead)
    };
    if decode(arrived) {
        decode(now);
    }
    let Decoded { events, refused, .. } = decoded;
    if events.is_empty() {
        return Err(refused.first().map_or(item.reason, |refusal| refusal.reason.to_owned()));
    }
    let refused = refused.into_iter().map(|refusal| Refusal { arrived: item.arrived, ..refusal }).collect();
    Ok(Replayed { id: item.id, admitted: events, refused })
}

impl Tally {
    fn count(&mut self, tried: Result<Replayed, String>) -> Option<Replayed> {
        match tried {
            Ok(replayed) => {
                self.admitted += 1;
                self.events.extend(replayed.admitted.iter().map(identity));
                for refusal in &replayed.refused {
                    *self.refused.entry(refusal.reason.to_owned()).or_default() += 1;
                }
                Some(replayed)
            }
            Err(reason) => {
                *self.refused.entry(reason).or_default() += 1;
                None
            }
        }
    }
}

/// A number for an event's content, whenever it arrived.
fn identity(event: &Event) -> u64 {
    let mut event = event.clone();
    if let Event::Reading(reading) = &mut event {
        reading.arrived = reading.ts;
    }
    let mut hasher = DefaultHasher::new();
    format!("{event:?}").hash(&mut hasher);
    hasher.finish()
}

fn say(tally: &Tally, dry_run: bool, stopped: bool, output: &mut Output) -> Result<(), Failure> {
    let Tally { admitted, events, refused, passed_over, strangers, nameless } = tally;
    let (items, events) = (count(*admitted, "item"), count(events.len() as u64, "event"));
    let verb_of = |n: u64| if dry_run { "would be" } else { verb(n, "is", "are") };
    let still: u64 = refused.values().sum();
    let reasons: Vec<String> = refused.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let reasons = reasons.join(", ");
    output.line(&match (admitted, still) {
        (0, 0) if *passed_over == 0 => "nothing in the quarantine matches; nothing was tried".to_owned(),
        (0, 0) => "nothing was tried".to_owned(),
        (0, _) => format!(
            "nothing {} admitted, {} {} still refused ({reasons})",
            verb_of(1),
            count(still, "item"),
            verb_of(still)
        ),
        (_, 0) => format!("{items} {} admitted as {events}, none {} still refused", verb_of(*admitted), verb_of(0)),
        _ => format!(
            "{items} {} admitted as {events}, {still} {} still refused ({reasons})",
            verb_of(*admitted),
            verb_of(still)
        ),
    })?;
    if *passed_over > 0 {
        output.line(&format!(
            "{passed_over} {} not tried: cut when they were kept, or refused for want of rights or of a time; \
             `foretell quarantine export` writes them out",
            verb(*passed_over, "was", "were")
        ))?;
    }
    if !strangers.is_empty() {
        let names = strangers.iter().take(STRANGERS_SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
        output.line(&format!(
            "what logins sent that are no [[mqtt.user]] of this configuration ({names}) may be about no machine; is it the service's \
             own (`--config`)?"
        ))?;
    }
    if *nameless > 0 {
        output.line(&format!(
            "{} without a name may be about no machine by `[mqtt] anonymous = \"nobody\"`; `foretell quarantine export` writes it out",
            count(*nameless, "item")
        ))?;
    }
    if stopped { output.line("stopped before the end; the same command goes on from there") } else { Ok(()) }
}

/// Takes what was admitted to the log, or waits until the service that owns the log has.
fn hand_over(config: &Config, quarantine: &SqliteQuarantine, output: &mut Output) -> Result<(), Failure> {
    let log = match SqliteLog::open(&config.data.dir) {
        Ok(log) => log,
        Err(OpenError::Locked { .. }) => return wait_for_service(quarantine, output),
        Err(error) => return Err(opening(error)),
    };
    let mut handed = 0;
    while let events @ 1.. = quarantine.hand_over(&log, REPLAYED_EVENTS_MAX).map_err(refused)? {
        handed += events;
    }
    if handed == 0 {
        return Ok(());
    }
    let handed = handed as u64;
    output.line(&format!("{} {} on the log", count(handed, "event"), verb(handed, "is", "are")))
}

fn wait_for_service(quarantine: &SqliteQuarantine, output: &mut Output) -> Result<(), Failure> {
    let until = Instant::now() + FETCHED_WITHIN;
    loop {
        let waiting = quarantine.waiting().map_err(refused)?;
        if waiting == 0 {
            return output.line("the running service has taken them to the log");
        }
        if Instant::now() >= until {
            return output.line(&format!(
                "{} {} in the quarantine; the service that owns the log takes them when its disk has room, or this command does \
                 when no service runs",
                count(waiting, "event"),
                verb(waiting, "waits", "wait")
            ));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[cfg(test)]
mod tests {
    use foretell_model::{Quality, Reading, Signal, Signals};

    use super::*;

    #[test]
    fn what_came_twice_is_one_event() {
        let event = |arrived: i64, oil_c: f64| {
            let (ts, signals) = (Timestamp::from_millis(5), Signals::empty().with(Signal::DischargeTemp, oil_c));
            let (machine, arrived) = (MachineId::new("s", "m").unwrap(), Timestamp::from_millis(arrived));
            Event::Reading(Reading { machine, ts, arrived, signals, state: None, quality: Quality::Good })
        };
        let mut tally = Tally::default();
        for (id, event) in (1..).zip([event(7, 80.0), event(8, 80.0), event(8, 81.0)]) {
            tally.count(Ok(Replayed { id, admitted: vec![event], refused: Vec::new() }));
        }
        assert_eq!((tally.admitted, tally.events.len()), (3, 2));
    }
}
