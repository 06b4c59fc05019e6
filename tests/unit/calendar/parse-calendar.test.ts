import { describe, expect, it } from 'vitest';
import { cityTime } from '#domain/city-time.ts';
import { ALWAYS, registryView } from '#domain/registry/registry.ts';
import { calendarChanges } from '#ingest/calendar/calendar-changes.ts';
import { parseCalendar } from '#ingest/calendar/parse-calendar.ts';

const london = cityTime('Europe/London');
const csv = `type,from,to,name,site_id
holiday,2026-12-25,,Christmas Day,
school-holiday,2026-12-19,2027-01-03,,
incident,2026-06-01T08:00,2026-06-01T09:30,Lorry on its side,f1-12 f1-13
`;

describe('a calendar file', () => {
  it('gives days by date and incidents by city time', () => {
    const { entries, problems } = parseCalendar(csv, 'csv', london);
    expect(problems).toEqual([]);
    expect(entries.map(({ body }) => body)).toEqual([
      {
        calendarId: 'holiday/2026-12-25',
        type: 'holiday',
        name: 'Christmas Day',
        firstDate: '2026-12-25',
        lastDate: '2026-12-25',
      },
      {
        calendarId: 'school-holiday/2026-12-19',
        type: 'school-holiday',
        firstDate: '2026-12-19',
        lastDate: '2027-01-03',
      },
      {
        incidentId: 'incident/2026-06-01T08:00/f1-12 f1-13',
        type: 'incident',
        name: 'Lorry on its side',
        siteIds: ['f1-12', 'f1-13'],
        // British Summer Time: an hour ahead of UTC.
        from: Date.parse('2026-06-01T07:00:00Z'),
        to: Date.parse('2026-06-01T08:30:00Z'),
      },
    ]);
  });

  it('names each row it can not use, and reads the rest', () => {
    const bad = `type,from,to,colour
holiday,25 December,,red
party,2026-05-01,,
event,2026-05-02,2026-05-01,
incident,2026-06-01T09:00,2026-06-01T08:00,
holiday,2026-05-04,,
holiday,2026-05-04,,
,,,
`;
    const { entries, problems } = parseCalendar(bad, 'csv', london);
    expect(entries.map(({ id }) => id)).toEqual(['holiday/2026-05-04']);
    expect(problems.map(({ row }) => row)).toEqual([1, 2, 3, 4, 5, 7, 8]);
    expect(problems[0]!.problem).toBe('columns not used: colour');
  });

  it('may be JSON, and says when it is neither', () => {
    const json = JSON.stringify([{ type: 'event', from: '2026-07-01', name: 'Marathon' }]);
    expect(parseCalendar(json, 'json', london).entries).toHaveLength(1);
    expect(parseCalendar('{', 'json', london).problems[0]!.row).toBe(0);
  });
});

describe('importing it', () => {
  it('makes what is new hold always, what differs from when it is said to, and the same again nothing', () => {
    const { entries } = parseCalendar(csv, 'csv', london);
    const first = calendarChanges(registryView([]), entries, undefined);
    expect(first).toMatchObject({ added: 3, changed: 0, unchanged: 0 });
    expect(first.changes.map(({ validFrom }) => validFrom)).toEqual([ALWAYS, ALWAYS, ALWAYS]);
    const view = registryView(first.changes.map((c, i) => ({ ...c, version: i + 1, changedAt: 0 })));
    expect(calendarChanges(view, entries, undefined)).toMatchObject({ added: 0, changed: 0, unchanged: 3 });
    const moved = parseCalendar(csv.replace('2027-01-03', '2027-01-05'), 'csv', london).entries;
    const from = Date.parse('2026-11-01T00:00:00Z');
    expect(calendarChanges(view, moved, from)).toMatchObject({
      changed: 1,
      unchanged: 2,
      changes: [{ id: 'school-holiday/2026-12-19', validFrom: from }],
    });
  });
});
