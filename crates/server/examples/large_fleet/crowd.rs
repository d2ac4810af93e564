//! A crowd: many customers with the same two times to choose from, and many drafts for many advisors.

use std::error::Error;

use foretell_model::{FaultCode, Finding, Grade, MachineId, Offset, ProbabilityWithin, RulDays, Timestamp};
use foretell_outreach::{MachineContext, Outreach};

use super::life::a_finding;
use super::machines::name;
use super::people::{MACHINES_OF_CUSTOMER, registry};

/// Of so many cases one stays a draft.
const DRAFT_EVERY: usize = 11;

/// Gathers them; returns the customers' pages and the drafts' identities, as JSON.
pub(crate) fn gathered(outreach: &Outreach, people: usize, now: Timestamp) -> Result<String, Box<dyn Error>> {
    let mut all = registry(people * MACHINES_OF_CUSTOMER, now);
    // Two who can come: each of the two times can be had twice.
    all.technicians.truncate(2);
    // One language and one zone, so that everybody is offered the same.
    for customer in &mut all.customers {
        customer.zone = "Asia/Shanghai".to_owned();
    }
    outreach.import(&all, "crowd", now)?;
    let (mut pages, mut drafts) = (Vec::new(), Vec::new());
    for n in 0..people {
        let machine = MachineId::parse(&name(n * MACHINES_OF_CUSTOMER))?;
        let finding = forecast(&machine, now)?;
        outreach.apply(Offset(1), 1, &finding, &MachineContext::default(), now)?;
        if n % DRAFT_EVERY == 0 {
            drafts.push(format!("\"{}\"", finding.id));
        } else {
            let link = outreach.approve(&finding.id, "a0", now)?.link;
            pages.push(format!("\"/b/{}\"", link.rsplit('/').next().unwrap_or_default()));
        }
    }
    Ok(format!(r#"{{"pages":[{}],"drafts":[{}]}}"#, pages.join(","), drafts.join(",")))
}

fn forecast(machine: &MachineId, now: Timestamp) -> Result<Finding, Box<dyn Error>> {
    let fault = FaultCode::new("cooler_clogging").ok_or("the fault's code")?;
    Ok(Finding {
        grade: Grade::Advise,
        rul_days: Some(RulDays { p10: Some(16.0), p50: Some(22.0), p90: Some(34.0) }),
        probability_within: Some(ProbabilityWithin { d7: 0.02, d14: 0.1, d21: 0.45, d30: 0.8 }),
        ..a_finding(machine, &fault, now)
    })
}
