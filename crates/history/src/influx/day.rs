//! A machine's closed day as points: what was measured of it, how healthy the machine was, and what is to come.

use foretell_model::{Grade, MachineId, Timestamp};

use super::line::Line;

/// A machine on a day that has closed. What is not known is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct MachineDay {
    /// Which machine.
    pub machine: MachineId,
    /// The day's beginning (UTC).
    pub day: Timestamp,
    /// Mean of the hottest loaded-steady hours, degC.
    pub discharge_temp_c: Option<f64>,
    /// Highest temperature held for ten minutes, degC.
    pub discharge_temp_peak_c: Option<f64>,
    /// Ambient of the same hours, degC.
    pub ambient_temp_c: Option<f64>,
    /// What the machine's own normal expects under the same conditions, degC.
    pub expected_c: Option<f64>,
    /// Standard deviation of that, K.
    pub expected_sd_k: f64,
    /// Running time, h.
    pub run_h: f64,
    /// Loaded time, h.
    pub load_h: f64,
    /// Current drawn unloaded over that drawn loaded.
    pub unloaded_current_share: Option<f64>,
    /// Where its controller warns, degC.
    pub warn_c: f64,
    /// Where its controller stops it, degC.
    pub trip_c: f64,
    /// Whether its normal was known.
    pub learned: bool,
    /// Whether the day could show the cooler's condition.
    pub observable: bool,
    /// Excess over its normal, K.
    pub excess_k: Option<f64>,
    /// The same as a loss of the cooler's UA, 0 to 1.
    pub cooler_ua_loss: Option<f64>,
    /// How many findings were open; `None` for a day that was looked up later.
    pub open_findings: Option<usize>,
    /// The gravest grade of those.
    pub grade: Option<Grade>,
    /// What was forecast when the day closed.
    pub outlook: Vec<Outlook>,
}

/// Quantiles of the highest temperature held on a coming day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// Days from when the forecast was made.
    pub ahead_days: u16,
    /// The coming day's beginning (UTC).
    pub day: Timestamp,
    /// One in ten is cooler, degC.
    pub q10_c: f64,
    /// Half are, degC.
    pub q50_c: f64,
    /// Nine in ten are, degC.
    pub q90_c: f64,
}

/// A grade as a number, so that a dashboard can colour by it: 0 none, 1 watch, 2 advise, 3 urgent.
pub(super) const fn grade_level(grade: Option<Grade>) -> i64 {
    match grade {
        None => 0,
        Some(Grade::Watch) => 1,
        Some(Grade::Advise) => 2,
        Some(Grade::Urgent) => 3,
    }
}

impl MachineDay {
    /// Appends the day's lines of `feature`, `health` and `outlook`; returns how many.
    pub fn lines(&self, out: &mut String) -> usize {
        let mut lines = usize::from(self.feature(out)) + usize::from(self.health(out));
        for ahead in &self.outlook {
            let line = self.begin(out, "outlook").tag("ahead_days", &ahead.ahead_days.to_string());
            let line = line.number("q10_c", ahead.q10_c).number("q50_c", ahead.q50_c).number("q90_c", ahead.q90_c);
            lines += usize::from(line.at_millis(ahead.day.millis()));
        }
        lines
    }

    fn begin<'a>(&self, out: &'a mut String, measurement: &str) -> Line<'a> {
        Line::begin(out, measurement).tag("site", self.machine.site()).tag("machine", self.machine.machine())
    }

    fn feature(&self, out: &mut String) -> bool {
        let band = |sign: f64| self.expected_c.map(|expected_c| expected_c + sign * 2.0 * self.expected_sd_k);
        self.begin(out, "feature")
            .number("discharge_temp_c", self.discharge_temp_c)
            .number("discharge_temp_peak_c", self.discharge_temp_peak_c)
            .number("ambient_temp_c", self.ambient_temp_c)
            .number("expected_c", self.expected_c)
            .number("expected_low_c", band(-1.0))
            .number("expected_high_c", band(1.0))
            .number("run_h", self.run_h)
            .number("load_h", self.load_h)
            .number("unloaded_current_share", self.unloaded_current_share)
            .number("warn_c", self.warn_c)
            .number("trip_c", self.trip_c)
            .at_millis(self.day.millis())
    }

    fn health(&self, out: &mut String) -> bool {
        let known = self.open_findings.is_some();
        let grade = self.grade.map_or("none", Grade::name);
        self.begin(out, "health")
            .flag("learned", self.learned)
            .flag("observable", self.observable)
            .number("excess_k", self.excess_k)
            .number("cooler_ua_loss", self.cooler_ua_loss)
            .whole("open_findings", self.open_findings.and_then(|open| i64::try_from(open).ok()))
            .text("grade", known.then_some(grade))
            .whole("grade_level", known.then_some(grade_level(self.grade)))
            .at_millis(self.day.millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_known_and_nothing_else() {
        let day = Timestamp::parse("2026-07-18T00:00:00Z").unwrap();
        let outlook = Outlook { ahead_days: 3, day: day.plus_days(4.0), q10_c: 98.5, q50_c: 100.0, q90_c: 101.25 };
        let mut machine_day = MachineDay {
            machine: MachineId::new("s01", "m007").unwrap(),
            day,
            discharge_temp_c: Some(96.5),
            discharge_temp_peak_c: Some(98.0),
            ambient_temp_c: None,
            expected_c: Some(90.0),
            expected_sd_k: 0.75,
            run_h: 20.5,
            load_h: 18.0,
            unloaded_current_share: Some(f64::NAN),
            warn_c: 105.0,
            trip_c: 110.0,
            learned: true,
            observable: true,
            excess_k: Some(6.5),
            cooler_ua_loss: Some(0.25),
            open_findings: Some(2),
            grade: Some(Grade::Advise),
            outlook: vec![outlook],
        };
        let mut out = String::new();
        assert_eq!(machine_day.lines(&mut out), 3);
        machine_day.open_findings = None;
        machine_day.outlook.clear();
        assert_eq!(machine_day.lines(&mut out), 2);
        expect_test::expect![[r#"
            feature,site=s01,machine=m007 discharge_temp_c=96.5,discharge_temp_peak_c=98,expected_c=90,expected_low_c=88.5,expected_high_c=91.5,run_h=20.5,load_h=18,warn_c=105,trip_c=110 1784332800000000000
            health,site=s01,machine=m007 learned=true,observable=true,excess_k=6.5,cooler_ua_loss=0.25,open_findings=2i,grade="advise",grade_level=2i 1784332800000000000
            outlook,site=s01,machine=m007,ahead_days=3 q10_c=98.5,q50_c=100,q90_c=101.25 1784678400000000000
            feature,site=s01,machine=m007 discharge_temp_c=96.5,discharge_temp_peak_c=98,expected_c=90,expected_low_c=88.5,expected_high_c=91.5,run_h=20.5,load_h=18,warn_c=105,trip_c=110 1784332800000000000
            health,site=s01,machine=m007 learned=true,observable=true,excess_k=6.5,cooler_ua_loss=0.25 1784332800000000000
        "#]]
        .assert_eq(&out);
    }
}
