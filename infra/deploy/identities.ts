import * as authorization from '@pulumi/azure-native/authorization/index.js';
import * as managedidentity from '@pulumi/azure-native/managedidentity/index.js';
import { type Input, interpolate } from '@pulumi/pulumi';
import { type Holder, type IdentityHolder, identityHolders } from './holders.ts';
import type { Place } from './place.ts';
import { builtInRoles, grants, type Scope } from './role-grants.ts';

export type Identities = Record<IdentityHolder, managedidentity.UserAssignedIdentity>;

/** As whom a holder is known; a city may have no operators. */
export type Principals = [holder: Holder, principalId: Input<string>][];

export function makeIdentities(place: Place, city: string): Identities {
  return Object.fromEntries(
    identityHolders.map((holder) => [
      holder,
      new managedidentity.UserAssignedIdentity(`${city}-${holder}`, { ...place }),
    ]),
  ) as Identities;
}

export function principalsOf(identities: Identities, operatorsGroupId: string | undefined): Principals {
  return [
    ...identityHolders.map((holder): [Holder, Input<string>] => [holder, identities[holder].principalId]),
    ...(operatorsGroupId ? ([['operators', operatorsGroupId]] as Principals) : []),
  ];
}

/** Gives each holder what role-grants.ts says on these scopes. */
export function assignRoles(
  principals: Principals,
  scopes: Partial<Record<Scope, Input<string>>>,
  subscriptionId: Input<string>,
): authorization.RoleAssignment[] {
  return principals.flatMap(([holder, principalId]) =>
    grants[holder].flatMap(({ role, on }) => {
      const scope = scopes[on];
      if (scope === undefined) return [];
      return [
        new authorization.RoleAssignment(`${holder}: ${role} on ${on}`, {
          principalId,
          principalType: holder === 'operators' ? 'Group' : 'ServicePrincipal',
          roleDefinitionId: interpolate`/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${builtInRoles[role]}`,
          scope,
        }),
      ];
    }),
  );
}
