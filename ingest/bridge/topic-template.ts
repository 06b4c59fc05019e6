/** How a broker's topics name devices. */
export interface TopicTemplate {
  /** Undefined where the topic is not of this form. */
  deviceOf(topic: string): string | undefined;
  /** What to subscribe to for all of them. */
  filter: string;
}

/**
 * `junctions/{device}/loops` takes the device from one level, `hfp/+/{device}/{device}/#` joins two with `-`; `+` and a
 * last `#` stand for what they do in MQTT. @throws RangeError where it names no device, or is no topic filter.
 */
export function topicTemplate(template: string): TopicTemplate {
  const levels = template.split('/');
  const open = levels.at(-1) === '#';
  if (open) levels.pop();
  const wrong = levels.find((level) => level !== '+' && level !== '{device}' && /[+#{}]/.test(level));
  if (wrong !== undefined)
    throw new RangeError(`${template}: ${wrong} is neither a level's name, + nor {device}`);
  if (!levels.includes('{device}')) throw new RangeError(`${template}: no level is {device}`);
  return {
    deviceOf: (topic) => {
      const found = topic.split('/');
      if (open ? found.length < levels.length : found.length !== levels.length) return undefined;
      const names: string[] = [];
      for (const [i, level] of levels.entries()) {
        if (level === '{device}') names.push(found[i]!);
        else if (level !== '+' && level !== found[i]) return undefined;
      }
      return names.includes('') ? undefined : names.join('-');
    },
    filter: [...levels.map((level) => (level === '{device}' ? '+' : level)), ...(open ? ['#'] : [])].join(
      '/',
    ),
  };
}
