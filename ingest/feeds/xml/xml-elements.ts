import { SaxesParser } from 'saxes';

/** An element without its namespace prefix. */
export interface XmlElement {
  name: string;
  /** By name without prefix. */
  attributes: Record<string, string>;
  children: XmlElement[];
  text: string;
}

/** Why a document was not read to its end, and what had not been. */
export interface XmlFault {
  message: string;
  /** From the end of the last element that was whole. */
  unread: string;
  /** Nothing of it was XML. */
  nothingRead: boolean;
}

const CHUNK_CHARACTERS = 64 * 1_024;

/**
 * Hands over the wanted elements of a document one by one, whole, as soon as each has ended; only one is in memory at a
 * time. A wanted element within another is part of it. Entities of a DTD are never expanded: they are a fault.
 */
export function readXmlElements(
  text: string,
  wanted: ReadonlySet<string>,
  onElement: (element: XmlElement) => void,
): XmlFault | undefined {
  const parser = new SaxesParser();
  const open: XmlElement[] = [];
  let wholeUntil = 0;
  let fault: string | undefined;
  parser.on('error', (error) => {
    fault ??= error.message;
  });
  parser.on('opentag', (tag) => {
    if (fault !== undefined) return;
    const name = localName(tag.name);
    if (open.length === 0 && !wanted.has(name)) return;
    const attributes = Object.fromEntries(
      Object.entries(tag.attributes).map(([key, value]) => [localName(key), String(value)]),
    );
    const element = { name, attributes, children: [], text: '' };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('text', (text) => {
    const element = open.at(-1);
    if (element) element.text += text;
  });
  parser.on('cdata', (text) => {
    const element = open.at(-1);
    if (element) element.text += text;
  });
  parser.on('closetag', () => {
    if (fault !== undefined) return;
    const element = open.pop();
    if (!element) return;
    element.text = element.text.trim();
    if (open.length > 0) return;
    wholeUntil = parser.position;
    onElement(element);
  });
  for (let at = 0; at < text.length && fault === undefined; at += CHUNK_CHARACTERS) {
    parser.write(text.slice(at, at + CHUNK_CHARACTERS));
  }
  if (fault === undefined) parser.close();
  if (fault === undefined) return undefined;
  return { message: fault, unread: text.slice(wholeUntil), nothingRead: wholeUntil === 0 };
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** The first element on this path of names. */
export function elementAt(element: XmlElement, ...path: string[]): XmlElement | undefined {
  let found: XmlElement | undefined = element;
  for (const name of path) found = found?.children.find((c) => c.name === name);
  return found;
}

/** Text of the first element on this path; `undefined` where it is empty. */
export function textAt(element: XmlElement, ...path: string[]): string | undefined {
  return elementAt(element, ...path)?.text || undefined;
}

export function numberAt(element: XmlElement, ...path: string[]): number | undefined {
  const text = textAt(element, ...path);
  const value = text === undefined ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}

export function childrenOf(element: XmlElement | undefined, name: string): XmlElement[] {
  return element?.children.filter((c) => c.name === name) ?? [];
}
