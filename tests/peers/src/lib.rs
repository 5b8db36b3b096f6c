//! Gatespan beside the published OpenTelemetry propagators.
