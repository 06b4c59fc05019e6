/** `_rid`s as the service makes them: base64 of 4 bytes for a database, 8 for a container, 16 for an item. */
export function resourceId(database: number, container?: number, item?: number): string {
  const bytes = Buffer.alloc(item !== undefined ? 16 : container !== undefined ? 8 : 4);
  bytes.writeUInt32BE(database, 0);
  if (container !== undefined) bytes.writeUInt32BE((0x80000000 | container) >>> 0, 4);
  if (item !== undefined) bytes.writeBigUInt64BE(BigInt(item), 8);
  return bytes.toString('base64').replaceAll('/', '-');
}
