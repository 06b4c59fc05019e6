import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { ContainerClient } from '@azure/storage-blob';
import { asOutage } from '#infra/azure/outage.ts';

/** A directory whose files are never written over, but for one, the index, that names the others and is written last. */
export interface CopiedDirectory {
  path: string;
  /** Relative to it. */
  index: string;
  /** Subdirectories that are nobody else's. */
  without: readonly string[];
}

/** Makes the container what the directory is: new files, then the index, then what is gone. @throws StoreUnavailable */
export async function uploadDirectory(container: ContainerClient, directory: CopiedDirectory): Promise<void> {
  const { path, index } = directory;
  const files = (await filesIn(directory)).filter((file) => file !== index);
  try {
    const there = await blobsIn(container);
    for (const file of files) {
      const { size } = await stat(join(path, file));
      if (there.get(file) === size) continue;
      await container.getBlockBlobClient(file).uploadFile(join(path, file));
    }
    const text = await readFile(join(path, index));
    await container.getBlockBlobClient(index).upload(text, text.length);
    const kept = new Set([...files, index]);
    for (const name of there.keys()) if (!kept.has(name)) await container.deleteBlob(name);
  } catch (error) {
    throw asOutage(error, `copy ${path} to the blob container ${container.containerName}`);
  }
}

/** Makes the directory what the container is. False where the container has no index yet. @throws StoreUnavailable */
export async function downloadDirectory(
  container: ContainerClient,
  directory: CopiedDirectory,
): Promise<boolean> {
  const { path, index } = directory;
  try {
    const there = await blobsIn(container);
    if (!there.has(index)) return false;
    // The index first, put in place last: what it names is there, or another copy is on its way.
    const fetched = join(path, `${index}.fetched`);
    await fetchBlob(container, index, fetched);
    for (const [name, size] of there) {
      if (name === index || (await sizeOf(join(path, name))) === size) continue;
      await fetchBlob(container, name, join(path, name));
    }
    await rename(fetched, join(path, index));
    for (const file of await filesIn(directory)) if (!there.has(file)) await rm(join(path, file));
    return true;
  } catch (error) {
    throw asOutage(error, `copy the blob container ${container.containerName} to ${path}`);
  }
}

async function fetchBlob(container: ContainerClient, name: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await container.getBlobClient(name).downloadToFile(`${to}.part`);
  await rename(`${to}.part`, to);
}

async function blobsIn(container: ContainerClient): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for await (const blob of container.listBlobsFlat())
    sizes.set(blob.name, blob.properties.contentLength ?? -1);
  return sizes;
}

async function filesIn({ path, without }: CopiedDirectory): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
    .filter((file) => !without.some((name) => file.startsWith(`${name}/`)) && !file.endsWith('.part'));
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}
