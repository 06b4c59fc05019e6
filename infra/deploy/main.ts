import { Config } from '@pulumi/pulumi';
import { deployCity } from './city.ts';
import { readSettings } from './settings.ts';

/** What `pulumi stack output` shows. */
export const { resourceGroup, iotHub, eventHubs, cosmos, blob, page, gateway } = deployCity(
  readSettings(new Config()),
);
