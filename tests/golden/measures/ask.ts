import type { MeasureParameters } from '#analytics/measures/parameters.ts';
import type { Row } from '#analytics/measures/rows.ts';
import { type MeasureResult, runMeasure } from '#analytics/measures/run-measure.ts';
import { fillLake, type SmallLake, smallLake } from './small-lake.ts';

type Asked = { from: string; to: string } & Record<string, unknown>;

/** One session for a file's tests, which ask one after another: views take longer to make than to answer. */
let session: ReturnType<typeof smallLake> | undefined;

/** A measure's answer from a lake that holds just these rows. */
export async function ask(lake: SmallLake, measure: string, asked: Asked): Promise<MeasureResult> {
  const { from, to, ...others } = asked;
  const parameters = { ...others, from_at: Date.parse(from), to_at: Date.parse(to) } as MeasureParameters;
  session ??= smallLake({});
  await fillLake(await session, lake);
  return runMeasure(await session, measure, parameters);
}

/** Its rows; fails where it is not computable. */
export async function rowsFrom(lake: SmallLake, measure: string, asked: Asked): Promise<Row[]> {
  const answer = await ask(lake, measure, asked);
  if (!answer.computable) throw new Error(`${measure} is not computable: ${answer.because}`);
  return answer.rows;
}

/** Why it is not computable; undefined where it is. */
export async function refusal(lake: SmallLake, measure: string, asked: Asked): Promise<string | undefined> {
  const answer = await ask(lake, measure, asked);
  return answer.computable ? undefined : answer.because;
}

/** Monday 13 May 2024, UTC. */
export const monday = { from: '2024-05-13T00:00:00Z', to: '2024-05-14T00:00:00Z' };
