/** Where a service is, as configuration says it. */
export interface Service {
  connectionString?: string | undefined;
  /** https URL of the account. */
  endpoint?: string | undefined;
}

export type Authentication =
  | { by: 'connection-string'; connectionString: string }
  /** Managed Identity, workload identity or the CLI's login, whichever @azure/identity finds. */
  | { by: 'identity'; endpoint: string };

/** A connection string wins over an endpoint. @throws where there is neither. */
export function authentication(name: string, { connectionString, endpoint }: Service): Authentication {
  if (connectionString) return { by: 'connection-string', connectionString };
  if (endpoint) return { by: 'identity', endpoint };
  throw new Error(`${name} has neither a connection string nor an endpoint`);
}
