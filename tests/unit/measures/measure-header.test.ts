import { describe, expect, it } from 'vitest';
import { parseMeasureHeader } from '#analytics/measures/measure-header.ts';

const header = `-- title: Flow
-- question: How much?
-- version: 2
-- source: somebody 2003
-- needs: flow, speed at every site, free-flow when reference=free-flow and reference_speed_kmh=none
-- parameter: by | varchar | day | one of day, site | what a row stands for
-- parameter: limit_kmh | double | none | | a speed
-- column: flow | veh/h | count / time
-- caveat: none is known
SELECT 1 -- caveat: not of the header
`;

describe('the header of a measure', () => {
  it('is read into needs, parameters, columns and caveats', () => {
    expect(parseMeasureHeader('flow', header)).toEqual({
      title: 'Flow',
      question: 'How much?',
      version: 2,
      source: 'somebody 2003',
      needs: [
        { need: 'flow', atEverySite: false, ofAny: false, when: [] },
        { need: 'speed', atEverySite: true, ofAny: false, when: [] },
        {
          need: 'free-flow',
          atEverySite: false,
          ofAny: false,
          when: [
            { parameter: 'reference', value: 'free-flow' },
            { parameter: 'reference_speed_kmh', value: null },
          ],
        },
      ],
      parameters: [
        {
          name: 'by',
          type: 'varchar',
          default: 'day',
          oneOf: ['day', 'site'],
          meaning: 'what a row stands for',
        },
        { name: 'limit_kmh', type: 'double', default: null, oneOf: [], meaning: 'a speed' },
      ],
      columns: [{ name: 'flow', unit: 'veh/h', meaning: 'count / time' }],
      caveats: ['none is known'],
    });
  });

  it('names the line that is wrong', () => {
    const broken = (from: string, to: string) => () => parseMeasureHeader('flow', header.replace(from, to));
    expect(broken('-- version: 2\n', '')).toThrow('flow.sql has 0 lines "-- version:"');
    expect(broken('version: 2', 'version: two')).toThrow('version is 1, 2, 3');
    expect(broken('needs: flow', 'needs: flows')).toThrow('needs "flows"');
    expect(broken('| veh/h | count', 'count')).toThrow('is not "name | unit | meaning"');
    expect(broken('| varchar |', '| text |')).toThrow('is not "name | type');
    expect(broken('-- caveat:', '--caveat')).toThrow('is not "-- key: value"');
  });
});
