//! A machine as it was built: its thermal masses, its oil's way, its valve, its fan and its control.

use crate::rng::Rng;

/// How the flow is matched to the demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    LoadUnload,
    Modulating,
    Speed,
}

impl Control {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::LoadUnload => "load-unload",
            Self::Modulating => "modulating",
            Self::Speed => "variable speed",
        }
    }
}

/// How the cooler's fan is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fan {
    /// Whenever the machine runs.
    Fixed,
    /// By the sump's temperature, with a quarter of the air when off.
    OnOff,
    /// Its speed holds the discharge temperature.
    Controlled,
}

impl Fan {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fan fixed",
            Self::OnOff => "fan on and off",
            Self::Controlled => "fan of controlled speed",
        }
    }
}

/// What was built.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    /// Shaft power at full load, kW.
    pub(crate) shaft_kw: f64,
    /// Heat capacity of the oil's full flow, kW/K.
    pub(crate) oil_kw_k: f64,
    /// Conductance of the clean cooler, kW/K.
    pub(crate) cooler_kw_k: f64,
    /// Heat capacity of the cooling air's full flow, kW/K.
    pub(crate) air_kw_k: f64,
    /// What the sump loses to the room by its walls, kW/K.
    pub(crate) loss_kw_k: f64,
    /// Thermal masses of sump and metal, kJ/K.
    pub(crate) sump_kj_k: f64,
    pub(crate) metal_kj_k: f64,
    /// Conductance between the two, kW/K.
    pub(crate) metal_kw_k: f64,
    /// Whether the valve's element sits in the mixed oil; otherwise in the sump's.
    pub(crate) senses_mix: bool,
    /// The valve begins to open here, degC, and is open so much higher, K.
    pub(crate) valve_c: f64,
    pub(crate) valve_span_k: f64,
    /// Lag of the valve's element, s.
    pub(crate) valve_lag_s: f64,
    /// Share of the oil that passes the cooler behind a shut valve.
    pub(crate) valve_leak: f64,
    /// Share of its way that the valve stays behind.
    pub(crate) valve_hysteresis: f64,
    pub(crate) fan: Fan,
    /// Set point of a fan that is switched or controlled, degC, and its band, K.
    pub(crate) fan_set_c: f64,
    pub(crate) fan_band_k: f64,
    pub(crate) control: Control,
    /// The machine loads and unloads at these pressures, bar.
    pub(crate) on_bar: f64,
    pub(crate) off_bar: f64,
    /// How fast the net's pressure rises at full flow, bar/s.
    pub(crate) net_bar_s: f64,
    /// Shaft power when unloaded, share of full power.
    pub(crate) unloaded: f64,
    /// Unloaded time after which the machine stops, s.
    pub(crate) idle_off_s: f64,
    /// Current at full load, A, and the share of it that magnetises.
    pub(crate) rated_a: f64,
    pub(crate) magnetising: f64,
    /// Share of the shaft's power that heats the oil.
    pub(crate) heat_share: f64,
    /// What the discharge shows more after a hot restart, K, and how fast that fades, s.
    pub(crate) restart_k: f64,
    pub(crate) restart_s: f64,
    /// How much the machine heats its own inlet at full heat, K.
    pub(crate) own_air_k: f64,
    /// Efficiency of the motor, share.
    pub(crate) motor: f64,
    /// Power of the fan at full speed, kW.
    pub(crate) fan_kw: f64,
    /// Lag of the discharge sensor, s.
    pub(crate) sensor_lag_s: f64,
    /// How the demand wanders: sd, share, and its time, s.
    pub(crate) wander: (f64, f64),
    /// Hours of the day of habitual stops, and how long they last, min.
    pub(crate) habit_h: [f64; 2],
    pub(crate) habit_min: f64,
    /// Hours from the limit to the cooler's cleaning, h; `None` where nobody comes.
    pub(crate) cleaned_after_h: Option<f64>,
    /// Share of the dirt that a cleaning leaves.
    pub(crate) residue: f64,
    /// The controller stops the machine here, degC.
    pub(crate) trip_c: f64,
    /// Hours run, and loaded, when the simulated days begin, h.
    pub(crate) run_h: f64,
    pub(crate) load_h: f64,
}

impl Unit {
    /// For a site whose hot air is `hot_c` degC.
    pub(crate) fn draw(rng: &mut Rng, control: Control, hot_c: f64, fan: Option<Fan>) -> Self {
        let size_kw = rng.pick(&[7.5, 15.0, 22.0, 30.0, 37.0, 45.0, 55.0, 75.0, 90.0, 110.0, 132.0, 160.0, 200.0]);
        let kw = size_kw * rng.between(1.0, 1.1);
        // Rise of the oil through the airend at full load, K.
        let oil_rise_k = rng.between(17.0, 28.0);
        let heat_share = rng.between(0.88, 0.96);
        let on_bar = rng.pick(&[6.5, 7.0, 7.5, 8.5, 9.5]);
        let run_h = rng.between(300.0, 38_000.0);
        let senses_mix = rng.chance(0.45);
        let (valve_c, valve_span_k) = if senses_mix {
            let (held_c, span_k) = (rng.between(72.0, 84.0), rng.between(6.0, 12.0));
            (held_c - oil_rise_k - 0.5 * span_k, span_k)
        } else {
            (rng.between(68.0, 78.0), rng.between(8.0, 15.0))
        };
        let mut unit = Self {
            shaft_kw: kw,
            oil_kw_k: kw * heat_share / oil_rise_k,
            cooler_kw_k: 0.0,
            air_kw_k: kw * rng.between(0.026, 0.040),
            loss_kw_k: kw * rng.between(3.5e-4, 9e-4),
            sump_kj_k: kw * rng.between(1.3, 2.6),
            metal_kj_k: kw * rng.between(1.2, 2.6),
            metal_kw_k: kw * rng.between(0.006, 0.015),
            senses_mix,
            valve_c,
            valve_span_k,
            valve_lag_s: rng.between(20.0, 70.0),
            valve_leak: rng.between(0.02, 0.09),
            valve_hysteresis: rng.between(0.0, 0.05),
            fan: Fan::Fixed,
            fan_set_c: 0.0,
            fan_band_k: 1.0,
            control,
            on_bar,
            off_bar: on_bar + rng.between(0.5, 1.0),
            net_bar_s: rng.between(0.003, 0.013),
            unloaded: rng.between(0.22, 0.42),
            idle_off_s: rng.pick(&[300.0, 600.0, 900.0, 1e9]),
            rated_a: kw / 0.93 / (1.732 * 0.4 * 0.86),
            magnetising: rng.between(0.3, 0.45),
            heat_share,
            restart_k: rng.between(0.0, 3.0),
            restart_s: 120.0,
            own_air_k: rng.between(0.0, 4.0),
            motor: rng.between(0.91, 0.955),
            fan_kw: kw * 0.028,
            sensor_lag_s: rng.between(15.0, 80.0),
            wander: (rng.between(0.03, 0.14), rng.between(300.0, 2400.0)),
            habit_h: [0.0; 2],
            habit_min: 0.0,
            cleaned_after_h: None,
            residue: rng.between(0.02, 0.15),
            trip_c: rng.pick(&[110.0, 112.0, 115.0]),
            run_h,
            load_h: run_h * rng.between(0.5, 0.9),
        };
        unit.size_cooler(rng, hot_c);
        unit.fit_fan(rng, fan, if senses_mix { oil_rise_k } else { 0.0 });
        unit
    }

    /// Makes the cooler as large as its builder would: the sump is so much hotter than air of 30 degC at full load.
    fn size_cooler(&mut self, rng: &mut Rng, hot_c: f64) {
        let over_k = rng.between(44.0, 60.0).min(93.0 - hot_c - self.own_air_k).max(33.0);
        let (mut low, mut high) = (0.001 * self.shaft_kw, 0.5 * self.shaft_kw);
        for _ in 0..50 {
            self.cooler_kw_k = 0.5 * (low + high);
            if self.settled_c(30.0, 0.0, 1.0) > 30.0 + over_k {
                low = self.cooler_kw_k
            } else {
                high = self.cooler_kw_k
            }
        }
    }

    /// A fan that holds a temperature needs a valve that has long been open there.
    fn fit_fan(&mut self, rng: &mut Rng, fan: Option<Fan>, oil_rise_k: f64) {
        let chances = [(Fan::Fixed, 0.72), (Fan::OnOff, 0.10), (Fan::Controlled, 0.18)];
        self.fan = fan.unwrap_or_else(|| rng.weighted(&chances));
        match self.fan {
            Fan::Fixed => {}
            Fan::OnOff => {
                (self.fan_set_c, self.fan_band_k) = (rng.between(80.0, 88.0), rng.between(5.0, 10.0));
                self.valve_c = self.valve_c.min(64.0 - oil_rise_k);
            }
            Fan::Controlled => {
                (self.fan_set_c, self.fan_band_k) = (rng.between(78.0, 87.0), rng.between(4.0, 8.0));
                self.valve_c = self.valve_c.min(62.0 - oil_rise_k);
            }
        }
    }

    /// Where the sump settles, degC, with the valve open and the fan at full speed: at a temperature of the air, with a share of the
    /// conductance lost, and loaded for a share of the time.
    pub(crate) fn settled_c(&self, air_c: f64, fouling: f64, duty: f64) -> f64 {
        let heat_kw = self.shaft_kw * self.heat_share * (duty + (1.0 - duty) * self.unloaded);
        let density = 293.0 / (273.0 + air_c);
        let air_kw_k = self.air_kw_k * (1.0 - 0.45 * fouling) * density;
        let ua_kw_k = self.cooler_kw_k * (1.0 - fouling) * density.powf(0.55);
        air_c + heat_kw / (exchange_kw_k(ua_kw_k, self.oil_kw_k, air_kw_k) + self.loss_kw_k * 1.9)
    }
}

/// Heat that a counter-flow cooler passes per kelvin between its two inlets, kW/K.
pub(crate) fn exchange_kw_k(ua_kw_k: f64, oil_kw_k: f64, air_kw_k: f64) -> f64 {
    let (least, most) = (oil_kw_k.min(air_kw_k), oil_kw_k.max(air_kw_k));
    let (units, ratio) = (ua_kw_k / least, least / most);
    let e = (-units * (1.0 - ratio)).exp();
    least * if ratio > 0.999 { units / (1.0 + units) } else { (1.0 - e) / (1.0 - ratio * e) }
}
