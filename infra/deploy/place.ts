import type { Input } from '@pulumi/pulumi';

/** Where a resource goes and how it is marked. */
export interface Place {
  resourceGroupName: Input<string>;
  location: string;
  tags: Record<string, string>;
}
