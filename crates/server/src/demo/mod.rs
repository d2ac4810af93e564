//! The demo: everything embedded, a simulated fleet publishing over real MQTT, months in a minute.
//!
//! Nothing is short-cut: readings go through the listener, admission, the log, the engine and outreach as in a plant. Only
//! the clock differs: the newest reading is now.

mod broken;
mod mending;
mod people;
mod road;
mod story;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use foretell_model::{Catalogue, Clock, EnergyProfile, Finding, HOUR_MS, Limits, MachineId, Timestamp, VisitState};
use foretell_sim::Fleet;
use foretell_sim::mqtt::{Live, Pace, PublishError, Stats, Target, publish};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::{ClockSource, Config, MachineSection, MqttSource};
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::roles::Roles;
use crate::service::{Photos, Service, out_of_reach};
use mending::Mending;
use road::{Drives, Near};
use story::Story;

/// Simulated seconds per second once a first message was drafted and nothing waits for a person any more: an hour each second.
const SLOW: f64 = 3_600.0;

/// The same while an approved message waits for an open hour, or a visit is to come or to prove its worth: six hours each second.
const BRISK: f64 = 6.0 * SLOW;

/// How long something waits for a person since anything last happened; then time goes on as if nobody were there, and says so.
const WAIT_MAX: Duration = Duration::from_secs(600);

/// What there is to follow, for whoever sees it for the first time.
const STORY: [&str; 3] = [
    "         what you will see: a cooler clogs while everything still reads normal; a letter is drafted weeks ahead and waits for",
    "         you to approve it; then you are the customer and tap a time; a technician comes, reports, and the machine's own",
    "         figures show whether it helped. Each line below says what to open next. Nothing is sent to anybody.",
];

/// The most while a technician is on the road or at the machine, so that whoever has a page of it open can follow: four minutes
/// each second.
const FOLLOWED: f64 = 240.0;

/// On the road time goes at this share of the pace at which it waits for a person: a drive of three quarters of an hour lasts long
/// enough to open a page and be the technician.
const ROAD_SHARE: f64 = 0.5;

/// At the machine at this one: work of two hours gives whoever likes more than a minute to report first, and bores nobody else.
const WORK_SHARE: f64 = 1.5;

/// How often the demo looks at what has happened.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Findings looked at each time; far more than can come between two looks.
const FINDINGS_MAX: usize = 500;

/// What the demo is told.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// Seed of the simulated fleet.
    pub seed: u64,
    /// Where the console listens; none takes 8080 or, when that is taken, a free port.
    pub listen: Option<SocketAddr>,
    /// Where everything is kept; none takes a temporary directory that is removed at the end.
    pub data_dir: Option<PathBuf>,
    /// Simulated seconds per second while something waits for a person.
    pub pace: f64,
    /// Ends as soon as a drafted message waits for approval.
    pub exit_after_advise: bool,
}

/// Runs the demo until `stop`.
///
/// # Errors
/// When a port or the data directory cannot be had, or standard output cannot be written.
pub async fn run(
    mut config: Config,
    options: DemoOptions,
    output: &mut Output,
    stop: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let temporary = options.data_dir.is_none();
    let dir = options
        .data_dir
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("foretell-demo-{}", std::process::id())));
    let fleet = Fleet::builtin("demo", options.seed)
        .map_err(|error| Failure::because(Kind::Internal, "could not build the demo's fleet", error))?;
    config.data.dir = dir.clone();
    rehearse(&mut config, &fleet);
    let played = match start(config, options.listen).await {
        Ok(service) => play(service, &fleet, &options, (&dir, output), stop).await,
        Err(failure) => Err(failure),
    };
    if temporary && dir.exists() {
        std::fs::remove_dir_all(&dir).map_err(|error| Failure::writing(&dir, error))?;
    }
    played
}

/// A configuration for a rehearsal with this fleet.
fn rehearse(config: &mut Config, fleet: &Fleet) {
    config.clock = ClockSource::Readings;
    config.mqtt.source = MqttSource::Embedded;
    config.mqtt.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.outreach.tick = Duration::from_secs(1);
    config.engine.machines = fleet.machines().iter().filter_map(section).collect();
}

fn section(machine: &foretell_sim::Machine) -> Option<MachineSection> {
    Some(MachineSection {
        id: MachineId::new(&machine.site, &machine.name).ok()?,
        limits: Limits { warn_c: machine.limit_c, trip_c: machine.trip_c, ..Limits::default() },
        rated_kw: Some(machine.rated_kw),
        latitude_deg: Some(machine.latitude_deg),
        energy: EnergyProfile::default(),
    })
}

/// Starts on the wished address; without a wish on the usual one, or on a free port when that is taken.
async fn start(mut config: Config, listen: Option<SocketAddr>) -> Result<Service, Failure> {
    if let Some(listen) = listen {
        config.console.listen = listen;
        return Service::start(config, Roles::ALL).await;
    }
    // Who configures an address wants that one.
    let is_usual = config.console.listen == Config::default().console.listen;
    match Service::start(config.clone(), Roles::ALL).await {
        Err(failure) if is_usual && failure.kind() == Kind::Unavailable => {
            config.console.listen.set_port(0);
            Service::start(config, Roles::ALL).await
        }
        started => started,
    }
}

async fn play(
    service: Service,
    fleet: &Fleet,
    options: &DemoOptions,
    (dir, output): (&Path, &mut Output),
    stop: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let console = format!("http://{}", service.console());
    output.line(&format!("{console}  <- open this: {} machines over some months", fleet.machines().len()))?;
    STORY.iter().try_for_each(|line| output.line(line))?;
    let (outreach, registry) = (Arc::clone(service.outreach()), people::registry(fleet));
    let now = Timestamp::from_millis(fleet.from_ms());
    outreach
        .import(&registry, "demo", now)
        .map_err(|error| Failure::because(Kind::Internal, "could not register the demo's customers", error))?;
    if let Some(names) = out_of_reach(&outreach)? {
        output.line(&format!(
            "         no channel of this configuration reaches {names}: their letters wait for a call instead"
        ))?;
    }
    road::portraits(&outreach, &Photos::new(dir), now)?;
    let mut story = Story::default();
    // Before anything new can come.
    if service.clocks().started() {
        let open = story.take_up(service.clocks().now(), &outreach, &console);
        open.map_err(|error| Failure::because(Kind::Io, "could not look at what is open", error))?
            .iter()
            .try_for_each(|line| output.line(line))?;
    }
    let broker = service.mqtt().ok_or_else(|| Failure::new(Kind::Internal, "the demo has no MQTT listener"))?;
    let (live, quiet) = (Arc::new(Live::default()), CancellationToken::new());
    let publishing = {
        let (fleet, live, quiet) = (fleet.clone(), Arc::clone(&live), quiet.clone());
        let target = Target::anonymous(&format!("mqtt://{broker}"));
        tokio::spawn(async move { publish(&fleet, &target, Pace::fastest(), live, quiet).await })
    };
    let told = tokio::select! {
        told = tell(&service, fleet, &live, options, story, (&console, output)) => told,
        () = stop => Ok(()),
        failure = service.failed() => Err(failure),
        failed = only_failure(publishing) => Err(failed),
    };
    quiet.cancel();
    if !service.drain(crate::commands::DRAIN_WITHIN).await {
        tracing::warn!("The drain took too long.");
    }
    told
}

/// Waits for the fleet to fail; when it has told all it had, pages stay open.
async fn only_failure(publishing: JoinHandle<Result<Stats, PublishError>>) -> Failure {
    match publishing.await {
        Ok(Ok(_)) => std::future::pending().await,
        Ok(Err(error)) => Failure::because(Kind::Unavailable, "the simulated fleet could not publish", error),
        Err(error) => Failure::because(Kind::Internal, "the simulated fleet ended badly", error),
    }
}

/// Tells the story as it happens, and slows time down when a person is needed.
async fn tell(
    service: &Service,
    fleet: &Fleet,
    live: &Live,
    options: &DemoOptions,
    mut story: Story,
    (console, output): (&str, &mut Output),
) -> Result<(), Failure> {
    let (started, bar) = (Instant::now(), line());
    let (mut pace, mut moved, mut mending, mut played) =
        (None, Instant::now(), Mending::default(), road::Told::default());
    let failed = |attempted: &str, error| Failure::because(Kind::Io, attempted, error);
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = service.clocks().now();
        let far = progress(fleet, live, service, now);
        let findings = service.room().findings(None, None, FINDINGS_MAX);
        let mut lines = story.of_findings(&findings, started.elapsed().as_secs_f64(), console);
        let cases = story.of_cases(service.outreach(), console, now);
        lines.extend(cases.map_err(|error| failed("could not look at the service state", error))?);
        if !lines.is_empty() {
            moved = Instant::now();
        }
        if service.clocks().started() {
            lines.extend(story.of_days(now, &far));
        }
        bar.set_message(far);
        for text in lines {
            bar.suspend(|| output.line(&text))?;
        }
        if story.drafted && options.exit_after_advise {
            bar.finish_and_clear();
            return Ok(());
        }
        let reached = Timestamp::from_millis(live.stats().reached_ms);
        for (place, work) in mending.take(fleet, |machine| service.room().marks(machine), reached) {
            live.mend(place, &work);
        }
        let drives = look_at_visits(service, fleet, live, &mut story, now);
        let drives = drives.map_err(|error| failed("could not look at the visits", error))?;
        let wait = options.pace;
        let told = played.of(&drives, service.outreach(), (console, now), |near| pace_for(near, false, None, wait));
        for text in told.map_err(|error| failed("could not say who is on the road", error))? {
            moved = Instant::now();
            bar.suspend(|| output.line(&text))?;
        }
        let is_waited_for = story.waits_for_person() && moved.elapsed() < WAIT_MAX;
        // After a restart the fleet first tells anew what is known already: nobody waits for that.
        let has_caught_up = live.stats().reached_ms + HOUR_MS >= now.millis();
        let wanted = (story.drafted && has_caught_up)
            .then(|| pace_for(drives.near, story.hurries(), is_waited_for.then_some(wait), wait));
        if let Some(factor) = wanted.filter(|_| pace != wanted) {
            live.slow_down(factor);
            let nobody_came = story.waits_for_person() && !is_waited_for;
            let told = pace_told(factor, pace.is_none(), drives.near > Near::Soon, nobody_came);
            bar.suspend(|| output.line(&told))?;
            pace = wanted;
        }
    }
}

/// What is said of a new pace: the first one, one of a visit that can be followed, one because nobody came for what waits, or any
/// other.
fn pace_told(factor: f64, is_first: bool, is_played: bool, nobody_came: bool) -> String {
    let (stretch, minutes) = (story::stretch(factor), WAIT_MAX.as_secs() / 60);
    if is_first {
        format!(
            "         from here on time waits for you: {stretch} each second while something is yours to do (--pace), hours when \
             nothing is, or when {minutes} minutes bring nothing new; ctrl-c leaves"
        )
    } else if is_played {
        format!("         time goes at {stretch} a second, so that the visit can be followed, or played")
    } else if nobody_came {
        format!(
            "         nothing was done for {minutes} minutes, so time goes on as if nobody were there, {stretch} a second; \
             whatever happens next, it waits for you again"
        )
    } else {
        format!("         time now goes at {stretch} a second")
    }
}

/// Simulated seconds per second; `waiting` is the pace while something is a person's to do, `wait` what it would be. A person
/// goes before everything that hurries, or a call would be overdue before anybody could make it.
fn pace_for(near: Near, hurries: bool, waiting: Option<f64>, wait: f64) -> f64 {
    match (near, waiting) {
        (Near::Now, _) => (wait * ROAD_SHARE).min(FOLLOWED),
        (Near::Work, _) => (wait * WORK_SHARE).min(FOLLOWED),
        (_, Some(pace)) => pace,
        (Near::Far, None) if hurries => BRISK,
        _ => SLOW,
    }
}

/// Technicians drive and work; what they did the machine reports as every machine would.
fn look_at_visits(
    service: &Service,
    fleet: &Fleet,
    live: &Live,
    story: &mut Story,
    now: Timestamp,
) -> foretell_outreach::Result<Drives> {
    let outreach = service.outreach();
    for (case, visit) in story.take_visits() {
        repair(fleet, live, &case, service.catalogue());
        let made = outreach.errands(None, (visit.start, now))?;
        if let Some(errand) =
            made.iter().find(|errand| errand.visit.id == visit.id && errand.state == VisitState::Booked)
        {
            story.note_trouble(road::finish(outreach, errand, now).err());
            service.room().changed();
        }
    }
    let mut drives = road::drive(outreach, now)?;
    story.note_trouble(std::mem::take(&mut drives.wrong));
    if drives.near == Near::Now {
        service.room().changed();
    }
    Ok(drives)
}

/// The technician does what a case asks for; the machine's own report of it travels like every other.
fn repair(fleet: &Fleet, live: &Live, case: &Finding, catalogue: &Catalogue) {
    let machine = (case.machine.site(), case.machine.machine());
    let place = fleet.machines().iter().position(|known| (&*known.site, &*known.name) == machine);
    let cure = catalogue.action_for(case.cause(None, &[], catalogue).fault).map(|(code, _)| code);
    let work = cure.or_else(|| catalogue.actions.contains_key(case.fault.as_str()).then(|| case.fault.as_str()));
    if let Some((place, work)) = place.zip(work) {
        live.repair(place, work);
    }
}

fn progress(fleet: &Fleet, live: &Live, service: &Service, now: Timestamp) -> String {
    let day = now.days_since(Timestamp::from_millis(fleet.from_ms())).max(0.0);
    let stats = live.stats();
    let behind = service.room().behind().unwrap_or_default();
    let lag = if behind > 1_000 { format!(", the engine is {behind} behind") } else { String::new() };
    format!("{}  day {day:.0}, {} messages acknowledged{lag}", story::date(now), stats.acknowledged)
}

/// One live line on a terminal; nothing elsewhere.
fn line() -> ProgressBar {
    use std::io::IsTerminal;
    let target =
        if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template("{msg}") {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_away_is_told_why_time_goes_on() {
        for (is_first, is_played, nobody_came, said) in [
            (true, false, false, "or when 10 minutes bring nothing new"),
            (false, false, true, "nothing was done for 10 minutes, so time goes on"),
            (false, false, false, "time now goes at one hour a second"),
            (false, true, true, "so that the visit can be followed, or played"),
        ] {
            let told = pace_told(3_600.0, is_first, is_played, nobody_came);
            assert!(told.contains(said) && told.contains("one hour"), "{told}");
        }
    }

    #[test]
    fn a_person_goes_before_what_hurries() {
        #[track_caller]
        fn check(near: Near, hurries: bool, (waiting, wait): (Option<f64>, f64), expected: f64) {
            let pace = pace_for(near, hurries, waiting, wait);
            assert!((pace - expected).abs() < 1e-9, "{near:?} {hurries} {waiting:?}: {pace}");
        }
        // A call to make while another machine's visit is to come.
        check(Near::Far, true, (Some(60.0), 60.0), 60.0);
        check(Near::Soon, true, (Some(60.0), 60.0), 60.0);
        // A visit is followed and played by whoever likes, whether or not something else waits: a minute and a half on the
        // road, and about as long at the machine.
        check(Near::Now, true, (Some(60.0), 60.0), 30.0);
        check(Near::Now, true, (None, 60.0), 30.0);
        check(Near::Work, true, (None, 60.0), 90.0);
        // Who wished for hours each second still sees the technician drive.
        check(Near::Now, true, (Some(3_600.0), 3_600.0), FOLLOWED);
        check(Near::Work, true, (None, 3_600.0), FOLLOWED);
        check(Near::Far, true, (None, 60.0), BRISK);
        check(Near::Soon, true, (None, 60.0), SLOW);
        check(Near::Far, false, (None, 60.0), SLOW);
    }
}
