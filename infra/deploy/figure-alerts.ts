/** How often each role tells its figures. */
export const FIGURES_EVERY_S = 60;

/** A rule over the lines of figures that the roles write to stdout, as Log Analytics keeps them. */
export interface FigureAlert {
  name: string;
  description: string;
  query: string;
  /** Its largest value is compared. */
  column: string;
  operator: 'GreaterThan' | 'LessThan';
  threshold: number;
  severity: 1 | 2;
  /** What the query sees: ISO 8601. */
  windowSize: 'PT15M' | 'PT1H';
}

const told = [
  'ContainerAppConsoleLogs',
  `where Log startswith '{"figures":'`,
  'extend told = parse_json(Log)',
  'extend role = tostring(told.figures)',
];

const ask = (...steps: string[]): string => [...told, ...steps].join('\n| ');

/** `roles`: those that are deployed. */
export function figureAlerts(roles: readonly string[]): FigureAlert[] {
  return [
    {
      name: 'consumer-lag',
      description:
        'A partition has been more than 200,000 records behind for 15 minutes: do processors fail or scale?',
      // The exporter tells it too, when no processor is left.
      query: ask(
        `where role in ('processor', 'exporter')`,
        'summarize worst = max(tolong(told.lagRecords)) by bin(TimeGenerated, 5m)',
        'summarize lag = min(worst)',
      ),
      column: 'lag',
      operator: 'GreaterThan',
      threshold: 200_000,
      severity: 1,
      windowSize: 'PT15M',
    },
    {
      name: 'dead-letters',
      description:
        'More than 1,000 readings were refused or quarantined within an hour: see `headway dead-letters` for the reasons.',
      query: ask(`where role == 'processor'`, 'summarize refused = sum(tolong(told.deadLetters))'),
      column: 'refused',
      operator: 'GreaterThan',
      threshold: 1_000,
      severity: 2,
      windowSize: 'PT1H',
    },
    {
      name: 'lake-late',
      description:
        'The lake was not brought up to date for three hours: the log keeps what is not exported for some days only.',
      query: ask(`where role == 'exporter'`, 'summarize age = min(tolong(told.lakeAgeS))'),
      column: 'age',
      operator: 'GreaterThan',
      threshold: 3 * 3_600,
      severity: 1,
      windowSize: 'PT15M',
    },
    {
      name: 'silent-role',
      description: `One of ${roles.join(', ')} has told nothing for 15 minutes: it does not run, or its log does not come here.`,
      query: ask(
        `where role in (${roles.map((role) => `'${role}'`).join(', ')})`,
        'distinct role',
        'summarize speaking = count()',
      ),
      column: 'speaking',
      operator: 'LessThan',
      threshold: roles.length,
      severity: 1,
      windowSize: 'PT15M',
    },
  ];
}
