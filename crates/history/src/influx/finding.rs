//! What the engine concluded, as a point.

use foretell_model::Finding;

use super::day::grade_level;
use super::line::Line;

/// Appends a finding's line of `forecast`; says whether it stands.
///
/// `ordinal` is the finding's place among those of the same log entry: its time moves by so many nanoseconds, so that two
/// findings of one episode at one instant stay two, and each is always the same when the log is replayed.
pub fn forecast_line(finding: &Finding, ordinal: u32, out: &mut String) -> bool {
    let Some(nanos) = finding.at.millis().checked_mul(1_000_000).and_then(|at| at.checked_add(i64::from(ordinal)))
    else {
        return false;
    };
    let id = finding.id.as_str();
    let rul = finding.rul_days.unwrap_or_default();
    let within = finding.probability_within;
    Line::begin(out, "forecast")
        .tag("site", finding.machine.site())
        .tag("machine", finding.machine.machine())
        .tag("event", finding.kind.name())
        .tag("fault", finding.fault.as_str())
        .tag("episode", id.rsplit('/').next().unwrap_or_default())
        .text("id", id)
        .text("status", finding.status.name())
        .text("grade", finding.grade.name())
        .whole("grade_level", grade_level(Some(finding.grade)))
        .number("likelihood", finding.likelihood)
        .number("rul_p10_days", rul.p10)
        .number("rul_p50_days", rul.p50)
        .number("rul_p90_days", rul.p90)
        .number("within_7d", within.map(|within| within.d7))
        .number("within_14d", within.map(|within| within.d14))
        .number("within_21d", within.map(|within| within.d21))
        .number("within_30d", within.map(|within| within.d30))
        .text("limit_signal", finding.limit.map(|limit| limit.signal.name()))
        .number("limit", finding.limit.map(|limit| limit.value))
        .text("text", finding.text.as_str())
        .at_nanos(nanos)
}

#[cfg(test)]
mod tests {
    use foretell_model::wire;

    use super::*;

    #[test]
    fn carries_the_whole_forecast() {
        let finding = wire::from_json(
            r#"{"at":"2026-07-18T00:00:00Z","site":"s01","machine":"m007","event":"prediction","id":"s01/m007/cooler_clogging/1","status":"opened","grade":"advise","fault":"cooler_clogging","likelihood":0.91,"alternatives":[],"rul_days":{"p10":11.2,"p50":17.9,"p90":null},"probability_within":{"7d":0.02,"14d":0.31,"21d":0.66,"30d":0.93},"limit":{"signal":"discharge_temp_c","value":105.0},"evidence":[],"text":"The cooler, it seems, \"clogs\"."}"#,
        )
        .unwrap();
        let mut out = String::new();
        assert!(forecast_line(&finding, 0, &mut out) && forecast_line(&finding, 2, &mut out));
        expect_test::expect![[r#"
            forecast,site=s01,machine=m007,event=prediction,fault=cooler_clogging,episode=1 id="s01/m007/cooler_clogging/1",status="opened",grade="advise",grade_level=2i,likelihood=0.91,rul_p10_days=11.2,rul_p50_days=17.9,within_7d=0.02,within_14d=0.31,within_21d=0.66,within_30d=0.93,limit_signal="discharge_temp_c",limit=105,text="The cooler, it seems, \"clogs\"." 1784332800000000000
            forecast,site=s01,machine=m007,event=prediction,fault=cooler_clogging,episode=1 id="s01/m007/cooler_clogging/1",status="opened",grade="advise",grade_level=2i,likelihood=0.91,rul_p10_days=11.2,rul_p50_days=17.9,within_7d=0.02,within_14d=0.31,within_21d=0.66,within_30d=0.93,limit_signal="discharge_temp_c",limit=105,text="The cooler, it seems, \"clogs\"." 1784332800000000002
        "#]]
        .assert_eq(&out);
    }
}
