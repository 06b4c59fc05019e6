/** The lake's table of what feeds sent and what is wrong with it, one row a feed and local date of receipt: docs/feeds.md. */
export const feedDaysTable = {
  name: 'feed_days',
  version: 1,
  columns: `date DATE, device_id VARCHAR, made_by VARCHAR, statuses BIGINT, heard BIGINT, used BIGINT, first_at TIMESTAMPTZ,
    last_at TIMESTAMPTZ, readings BIGINT, counted BIGINT, rejected BIGINT, quarantined BIGINT,
    vehicles STRUCT(vehicle_id VARCHAR, reports BIGINT)[], rules STRUCT(rule VARCHAR, checked BIGINT, examples VARCHAR[])[],
    found STRUCT(rule VARCHAR, vehicle_id VARCHAR, hour_at TIMESTAMPTZ, found BIGINT, first_at TIMESTAMPTZ, last_at TIMESTAMPTZ)[]`,
} as const;
