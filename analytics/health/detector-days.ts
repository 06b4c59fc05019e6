import { HEALTH_VERSION } from './judge-day.ts';

/** The lake's table of verdicts, one row a detector and local date: docs/health.md. */
export const detectorDays = {
  name: 'detector_days',
  version: HEALTH_VERSION,
  columns: `date DATE, device_id VARCHAR, site_id VARCHAR, direction VARCHAR, lane INTEGER, verdict VARCHAR, cause VARCHAR,
    detail VARCHAR, failed VARCHAR[], since DATE, repair VARCHAR, expected_s BIGINT, observed_s BIGINT,
    observed_share DOUBLE, longest_gap_s BIGINT, vehicles BIGINT, usual_vehicles BIGINT, length_km DOUBLE,
    zero_occupancy_share DOUBLE, high_occupancy_share DOUBLE, occupancy_without_flow_share DOUBLE,
    flow_without_occupancy_share DOUBLE, daily_samples INTEGER, s1 DOUBLE, s2 DOUBLE, s3 DOUBLE, s4 DOUBLE,
    stuck_s BIGINT, implied_length_m DOUBLE, short_pulse_share DOUBLE, night_dispersion DOUBLE,
    own_direction_r DOUBLE, other_direction_r DOUBLE, lane_slope DOUBLE, balance_change DOUBLE, balance_link DOUBLE,
    clock_ahead_s DOUBLE, quarantined BIGINT, duplicate_share DOUBLE, restated_share DOUBLE, late_share DOUBLE`,
} as const;
