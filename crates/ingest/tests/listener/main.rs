//! The embedded listener under real clients (rumqttc, mosquitto) and under bytes that no real client sends.

mod admission;
mod answers;
mod hostile;
mod kit;
mod mosquitto;
mod pressure;
mod serving;
mod wire;
