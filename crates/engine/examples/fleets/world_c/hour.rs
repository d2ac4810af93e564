//! What is asked of a machine and what is wrong with it, hour by hour.

/// One hour of a machine. Shares are of 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hour {
    /// Air asked for, share of the machine's full flow; below 0 the works stands still.
    pub(crate) demand: f64,
    /// Share of the cooler's clean conductance (UA) that is lost.
    pub(crate) fouling: f64,
    /// How much hotter than built the thermostatic valve opens, K.
    pub(crate) valve_shift_k: f64,
    /// Share of the oil's way through the cooler at which the valve is stuck.
    pub(crate) valve_stuck: Option<f64>,
    /// Share of its speed that the fan still reaches.
    pub(crate) fan: f64,
    /// Oil level, share of full.
    pub(crate) oil: f64,
    /// How far the oil filter is clogged, 0 to 1.
    pub(crate) oil_filter: f64,
    /// What the separator drops more than when new, bar.
    pub(crate) separator_bar: f64,
    /// How far the intake filter is clogged, 0 to about 1.
    pub(crate) intake: f64,
    /// Shaft power added by friction, share of full power.
    pub(crate) friction: f64,
    /// Flow lost by leaks, share of full flow.
    pub(crate) leak: f64,
    /// Change of the pressure's set point, bar.
    pub(crate) set_point_bar: f64,
    /// Least and greatest speed of a drive that can vary it, share of full speed.
    pub(crate) speed: (f64, f64),
    /// Change of the fan's set point, K.
    pub(crate) fan_shift_k: f64,
    /// Whether somebody stops the machine for some minutes at two times of the day.
    pub(crate) habit: bool,
    /// What the discharge sensor reads too much, K.
    pub(crate) bias_k: f64,
    /// Vibration added by a worn bearing, mm/s.
    pub(crate) vibration_mm_s: f64,
    /// How far one phase's current is off, share.
    pub(crate) imbalance: f64,
}

impl Hour {
    /// Of a sound machine.
    pub(crate) const fn sound(demand: f64, speed: (f64, f64)) -> Self {
        Self {
            demand,
            fouling: 0.0,
            valve_shift_k: 0.0,
            valve_stuck: None,
            fan: 1.0,
            oil: 1.0,
            oil_filter: 0.0,
            separator_bar: 0.0,
            intake: 0.0,
            friction: 0.0,
            leak: 0.0,
            set_point_bar: 0.0,
            speed,
            fan_shift_k: 0.0,
            habit: false,
            bias_k: 0.0,
            vibration_mm_s: 0.0,
            imbalance: 0.0,
        }
    }
}

/// Day of an hour.
pub(crate) fn day(hour: usize) -> f64 {
    hour as f64 / 24.0
}

/// 0 before day `from`, 1 after day `to`, straight between.
pub(crate) fn ramp(hour: usize, from: f64, to: f64) -> f64 {
    ((day(hour) - from) / (to - from)).clamp(0.0, 1.0)
}
