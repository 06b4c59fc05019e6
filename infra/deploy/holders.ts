/** The roles of the app: one container app and one identity each. */
export const appRoles = ['gateway', 'bridge', 'processor', 'exporter', 'api'] as const;
export type AppRole = (typeof appRoles)[number];

/** The app's roles, and the Azure services that act for themselves: each has an identity of its own. */
export const identityHolders = [...appRoles, 'iothub', 'provisioning'] as const;
export type IdentityHolder = (typeof identityHolders)[number];

/** Whoever holds rights: operators are a group of people with the command line. */
export type Holder = IdentityHolder | 'operators';
