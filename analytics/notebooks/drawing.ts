import * as Plot from '@observablehq/plot';
import * as d3 from 'd3';
import { parseHTML } from 'linkedom';
import { png } from './png.ts';

/** Observable Plot and d3 on a document of their own, without a browser. */
export interface Drawing {
  /** Plot, with `plot` and `legend` drawing on this document. */
  Plot: typeof Plot;
  d3: typeof d3;
  document: unknown;
  isNode(value: unknown): boolean;
  /** SVG or HTML text, without the namespaces that only files need. */
  markup(node: unknown): string;
}

const WIDTH = 740;

export function drawing(): Drawing {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const createElement = document.createElement.bind(document);
  document.createElement = ((name: string) => {
    const element = createElement(name);
    return name.toLowerCase() === 'canvas' ? withPixels(element as never) : element;
  }) as typeof document.createElement;

  const own = { document: document as never };
  const style = { fontFamily: 'inherit', fontSize: '11.5px', background: 'none', overflow: 'visible' };
  const bound = {
    ...Plot,
    plot: (options: Plot.PlotOptions = {}) =>
      Plot.plot({
        ...own,
        width: WIDTH,
        ...options,
        style: typeof options.style === 'string' ? options.style : { ...style, ...options.style },
      } as Plot.PlotOptions),
    legend: (options: Plot.LegendOptions & Plot.ScaleOptions) => Plot.legend({ ...own, ...options } as never),
  };
  return {
    Plot: bound as typeof Plot,
    d3,
    document,
    isNode: (value) => typeof (value as { outerHTML?: unknown } | null)?.outerHTML === 'string',
    markup: (node) => compact((node as { outerHTML: string }).outerHTML),
  };
}

/** Hundredths of a pixel are enough; shapes close themselves; only files need namespaces. */
function compact(markup: string): string {
  return markup
    .replace(/<[^>]+>/g, (tag) =>
      tag
        .replace(/(\d\.\d\d)\d+/g, '$1')
        .replace(/ xmlns(:\w+)?="[^"]*"/g, '')
        .replaceAll('xlink:href', 'href'),
    )
    .replace(/><\/(rect|path|line|circle|image)>/g, '/>');
}

interface Canvas {
  width: number;
  height: number;
}

/** Just so much of a canvas as Plot's continuous legends and rasters paint on: rows of pixels, out as PNG. */
function withPixels<C extends Canvas>(canvas: C): C {
  let pixels = new Uint8ClampedArray(0);
  const ready = () => {
    const size = canvas.width * canvas.height * 4;
    if (pixels.length !== size) pixels = new Uint8ClampedArray(size);
    return pixels;
  };
  const context = {
    fillStyle: '#000',
    fillRect(x: number, y: number, w: number, h: number) {
      const { r, g, b, opacity } = d3.rgb(this.fillStyle);
      const to = ready();
      for (let row = y; row < y + h; row++) {
        for (let col = x; col < x + w; col++) {
          to.set([r, g, b, opacity * 255], (row * canvas.width + col) * 4);
        }
      }
    },
    createImageData: (width: number, height: number) => ({
      width,
      height,
      data: new Uint8ClampedArray(width * height * 4),
    }),
    putImageData: (image: { data: Uint8ClampedArray }) => ready().set(image.data),
  };
  Object.assign(canvas, {
    getContext: () => context,
    toDataURL: () => `data:image/png;base64,${png(canvas.width, canvas.height, ready()).toString('base64')}`,
  });
  return canvas;
}
