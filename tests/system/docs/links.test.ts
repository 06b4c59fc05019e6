import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { documents, linkedPaths, root } from './documents.ts';

test('every file that a document links to is there', () => {
  const links = documents().flatMap((d) => linkedPaths(d).map((to) => ({ from: d.path, to })));
  expect(links.length).toBeGreaterThan(5);
  expect(links.filter(({ to }) => !existsSync(join(root, to)))).toEqual([]);
});

test('every test that a document names is there', () => {
  const named = documents().flatMap(({ path, text }) =>
    [...text.matchAll(/`(tests\/[\w./-]+\.ts)`/g)].map((m) => ({ from: path, to: m[1]! })),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter(({ to }) => !existsSync(join(root, to)))).toEqual([]);
});

test('every page of docs is linked to from another page', () => {
  const linked = new Set(documents().flatMap(linkedPaths));
  const pages = documents().filter((d) => d.path.startsWith('docs/'));
  expect(pages.map((d) => d.path).filter((path) => !linked.has(path))).toEqual([]);
});
