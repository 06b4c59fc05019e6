/** d3 is handed to notebooks whole; the engine itself reads one colour. */
declare module 'd3' {
  export function rgb(color: string): { r: number; g: number; b: number; opacity: number };
}
