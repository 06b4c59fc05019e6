import { HOUR_MS } from '#domain/instant.ts';
import { type CityClock, count } from './city-clock.ts';
import { type Html, html } from './html.ts';
import type { HourRow } from './ledger-survey.ts';

const WIDTH = 960;
const HEIGHT = 190;
const LEFT = 62;
const TOP = 12;
const BOTTOM = 36;
const PLOT = HEIGHT - TOP - BOTTOM;
const GAP = 2;

/** Readings received by hour, stacked: counted, repeated or restated, refused or quarantined. */
export function hourChart(hours: readonly HourRow[], clock: CityClock): Html {
  const most = Math.max(1, ...hours.map(received));
  const top = niceCeiling(most);
  const step = (WIDTH - LEFT) / hours.length;
  const y = (n: number) => TOP + PLOT * (1 - n / top);
  const bars = hours.map((hour, i) => {
    const x = LEFT + i * step + GAP / 2;
    let base = 0;
    const part = (name: string, n: number) => {
      if (n === 0) return null;
      const height = Math.max(0.8, (PLOT * n) / top);
      base += n;
      return html`<rect class="${name}" x="${x.toFixed(1)}" y="${(y(base)).toFixed(1)}" width="${(step - GAP).toFixed(1)}" height="${height.toFixed(1)}"/>`;
    };
    const parts = [
      part('counted', hour.counted),
      part('repeated', hour.duplicate + hour.restated),
      part('refused', hour.rejected + hour.quarantined),
    ];
    return html`<g><title>${clock.day(hour.hourReceived)} ${clock.time(hour.hourReceived)} to ${clock.time(hour.hourReceived + HOUR_MS)}: ${count(received(hour))} received, ${count(hour.counted)} counted</title><rect class="hit" x="${x.toFixed(1)}" y="${TOP}" width="${step.toFixed(1)}" height="${PLOT}"/>${parts}</g>`;
  });
  const lines = [0, 0.5, 1].map(
    (share) =>
      html`<line x1="${LEFT}" x2="${WIDTH}" y1="${y(top * share)}" y2="${y(top * share)}"/><text class="tick" x="${LEFT - 8}" y="${y(top * share) + 4}" text-anchor="end">${count(top * share)}</text>`,
  );
  const labels = hours.map((hour, i) => {
    const time = clock.time(hour.hourReceived);
    if (!['00:00', '06:00', '12:00', '18:00'].includes(time)) return null;
    const x = LEFT + i * step;
    const midnight = time === '00:00';
    return html`<line class="mark" x1="${x}" x2="${x}" y1="${TOP + PLOT}" y2="${TOP + PLOT + 5}"/><text class="tick" x="${x}" y="${TOP + PLOT + 18}" text-anchor="middle">${time}</text>${midnight && html`<text class="tick" x="${x}" y="${TOP + PLOT + 32}" text-anchor="middle">${clock.day(hour.hourReceived)}</text>`}`;
  });
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Readings received by hour, the last ${hours.length} hours">${lines}${bars}${labels}</svg>
<p class="legend"><i class="counted"></i>counted <i class="repeated"></i>duplicate or restated <i class="refused"></i>rejected or quarantined</p>`;
}

export function received(hour: HourRow): number {
  return hour.counted + hour.duplicate + hour.restated + hour.rejected + hour.quarantined;
}

/** A round number not far above `n`, whose half is round too. */
function niceCeiling(n: number): number {
  const power = 10 ** Math.floor(Math.log10(n));
  return ([1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].find((m) => m * power >= n) ?? 10) * power;
}
