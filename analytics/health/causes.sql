-- What can be wrong, in the order in which it is asked: of several failures the first is the verdict's cause. 'bad':
-- the values are not to be used. 'flawed': what came is right, and how it comes wants mending.
CREATE OR REPLACE TEMP TABLE health_causes AS
SELECT (row_number() OVER ())::TINYINT AS rank, * FROM (VALUES
  ('feed-silent', 'bad', 'nearly all devices of the feed were silent at once', 'look at the feed before any device'),
  ('clock', 'bad', 'the clock is off: values stand at the wrong time', 'set the clock; look at its time server'),
  ('cabinet-silent', 'bad', 'several devices at one place were silent at once', 'look at the cabinet''s power and line'),
  ('silent', 'bad', 'nothing came for most of the day', 'look at the device''s power and line'),
  ('incomplete', 'bad', 'at most 60 % of the samples came', 'look at the line'),
  ('zero-occupancy', 'bad', 'occupancy 0 too much of the time', 'look at the loop and its amplifier'),
  ('high-occupancy', 'bad', 'occupancy above 0.7 too much of the time', 'retune the detector'),
  ('occupancy-without-flow', 'bad', 'covered, and nobody counted', 'look at the detector''s counting output'),
  ('flow-without-occupancy', 'bad', 'vehicles counted that covered nothing', 'look at the detector''s occupancy output'),
  ('stuck', 'bad', 'the same values again and again', 'restart the device'),
  ('zeros', 'bad', 'zeros where vehicles were to be expected', 'look at the sensor: it reports and sees nothing'),
  ('chattering', 'bad', 'pulses that are no vehicles', 'retune the detector, look for loose wiring'),
  ('statistics', 'bad', 'fails the Daily Statistics Algorithm', 'inspect the detector'),
  ('wiring', 'bad', 'speed, occupancy and flow do not fit one another', 'look at units, loop spacing and wiring'),
  ('swapped-directions', 'bad', 'reports the other direction''s traffic', 'exchange the directions'),
  ('swapped-lanes', 'bad', 'the lanes are in the wrong order', 'exchange the lanes'),
  ('undercount', 'bad', 'counts fewer vehicles than its neighbours say', 'retune the detector, compare with a manual count'),
  ('overcount', 'bad', 'counts more vehicles than its neighbours say', 'retune the detector, compare with a manual count'),
  ('interrupted', 'flawed', 'silent for part of the day', 'look at the device''s power and line if it comes again'),
  ('losing', 'flawed', 'readings get lost', 'look at the line'),
  ('delayed', 'flawed', 'readings came hours late', 'look at the line'),
  ('repeating', 'flawed', 'readings are sent twice', 'look at the sender''s acknowledgements'),
  ('restating', 'flawed', 'readings are corrected afterwards', 'ask why the device corrects itself'),
  ('reordered', 'flawed', 'readings overtake each other', 'look at the sender''s queue')
) AS causes(cause, verdict, meaning, repair);

-- Every failure found, one row a detector and cause; filled by the tests that follow.
CREATE OR REPLACE TEMP TABLE health_failures (detector INTEGER, cause VARCHAR, detail VARCHAR);
