/** Colours that keep their order for the colour-blind and in black and white: the darker, the worse. */
export const palette = {
  ink: '#1c2b36',
  grey: '#7a8791',
  faint: '#d5dde2',
  accent: '#0b5c7a',
  warm: '#c4551d',
  weekday: '#0b5c7a',
  weekend: '#c4551d',
  /** For speed as a share of free flow; slowest first, as its thresholds ascend. */
  slowness: ['#6d0f1f', '#b3302b', '#e06d3a', '#f2b45f', '#f6e3b4', '#d6e6ee'],
  shareThresholds: [0.4, 0.55, 0.7, 0.8, 0.9],
  /** For quantities, least first. */
  quantity: ['#eef3f5', '#cfe0e8', '#9fc2d3', '#6a9db7', '#3a7696', '#0b4c68'],
};
