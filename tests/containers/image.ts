import { inject, type TestContext } from 'vitest';

const PULL_S = 60;
const looked = new Map<string, Promise<boolean>>();

/**
 * The first of these images that is here, or can be pulled where HEADWAY_PULL_IMAGES asks for it. Skips the test, with the
 * reason, where there is no container engine or none of the images. To be called before testcontainers is loaded.
 */
export async function imageOrSkip(context: TestContext, ...names: readonly string[]): Promise<string> {
  const missing = useEngine();
  if (missing) return context.skip(missing);
  for (const name of names) if (await isHere(name)) return name;
  return context.skip(noImage(names.join(' or ')));
}

/** Whether all of these images are to be had, for a file that makes its tests accordingly. */
export async function findImages(
  ...names: readonly string[]
): Promise<{ missing: string } | { found: true }> {
  const missing = useEngine();
  if (missing) return { missing };
  for (const name of names) {
    if (!(await isHere(name))) return { missing: noImage(name) };
  }
  return { found: true };
}

function noImage(name: string): string {
  return `no image ${name} here (HEADWAY_PULL_IMAGES=1 tries to pull it)`;
}

/** Why there is no engine, if there is none. */
function useEngine(): string | undefined {
  const engine = inject('engine');
  if ('missing' in engine) return engine.missing;
  process.env.DOCKER_HOST = engine.host;
  // Its own container that tidies up can not be pulled everywhere; engine.ts tidies up.
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
  return undefined;
}

function isHere(name: string): Promise<boolean> {
  let lookup = looked.get(name);
  if (!lookup) {
    lookup = lookUp(name);
    looked.set(name, lookup);
  }
  return lookup;
}

async function lookUp(name: string): Promise<boolean> {
  const { getContainerRuntimeClient, ImageName } = await import('testcontainers');
  const { image } = await getContainerRuntimeClient();
  const wanted = ImageName.fromString(name);
  if (await image.exists(wanted)) return true;
  if (!process.env.HEADWAY_PULL_IMAGES) return false;
  const tooLate = new Promise<boolean>((resolve) => {
    setTimeout(() => resolve(false), PULL_S * 1_000).unref();
  });
  // A pull that failed is not always told as an error.
  const pulled = image.pull(wanted).then(
    () => image.exists(wanted),
    () => false,
  );
  return Promise.race([pulled, tooLate]);
}
