/** What an HFP v2 topic says; levels that a short topic lacks (deadruns, passenger counts) are absent. */
export interface HfpTopic {
  journeyType: string;
  /** `ongoing` or `upcoming`. */
  temporalType: string;
  event: string;
  mode: string;
  /** The owner of the vehicle, which numbers it. */
  operatorId: string;
  vehicleNumber: string;
  nextStop: string | undefined;
}

/** `/hfp/v2/<journey>/<temporal>/<event>/<mode>/<operator>/<vehicle>/...`; `undefined` for any other topic. */
export function parseHfpTopic(topic: string): HfpTopic | undefined {
  const levels = topic.split('/');
  // The leading slash makes an empty level; some bridges cut it off.
  if (levels[0] === '') levels.shift();
  const [hfp, v2, journeyType, temporalType, event, mode, operatorId, vehicleNumber] = levels;
  if (hfp !== 'hfp' || v2 !== 'v2' || !journeyType || !temporalType || !event || !mode) return undefined;
  if (!operatorId || !vehicleNumber) return undefined;
  return {
    journeyType,
    temporalType,
    event,
    mode,
    operatorId,
    vehicleNumber,
    nextStop: /^\d+$/.test(levels[12] ?? '') ? levels[12] : undefined,
  };
}
