import { crc32 } from 'node:zlib';
import { zlibSync } from 'fflate';

const WIDTH = 120;
const HEIGHT = 50;

type Color = readonly [red: number, green: number, blue: number];
const PAPER: Color = [255, 255, 255];
const INK: Color = [38, 50, 56];
const MARK: Color = [46, 125, 50];

/** The strokes of the letters of VERDICT in a box of 5 by 7, and the hook before them. */
const LETTERS: Readonly<Record<string, readonly string[]>> = {
  V: ['10001', '10001', '10001', '10001', '01010', '01010', '00100'],
  E: ['11111', '10000', '10000', '11110', '10000', '10000', '11111'],
  R: ['11110', '10001', '10001', '11110', '10100', '10010', '10001'],
  D: ['11110', '10001', '10001', '10001', '10001', '10001', '11110'],
  I: ['11111', '00100', '00100', '00100', '00100', '00100', '11111'],
  C: ['01111', '10000', '10000', '10000', '10000', '10000', '01111'],
  T: ['11111', '00100', '00100', '00100', '00100', '00100', '00100'],
};

/** The logo of the integration: PNG, 120 by 50 pixels, as XSOAR wants it. The same bytes each time. */
export function logo(): Buffer {
  const pixels: Color[] = Array.from({ length: WIDTH * HEIGHT }, () => PAPER);
  const paint = (x: number, y: number, color: Color) => {
    if (x >= 0 && x < WIDTH && y >= 0 && y < HEIGHT) pixels[y * WIDTH + x] = color;
  };
  hook((x, y) => paint(x, y, MARK));
  [...'VERDICT'].forEach((letter, i) => {
    LETTERS[letter]!.forEach((row, y) => {
      [...row].forEach((bit, x) => {
        if (bit !== '1') return;
        for (const [dx, dy] of [
          [0, 0],
          [1, 0],
          [0, 1],
          [1, 1],
        ] as const)
          paint(33 + i * 12 + x * 2 + dx, 18 + y * 2 + dy, INK);
      });
    });
  });
  return png(pixels);
}

/** A tick in a ring. */
function hook(paint: (x: number, y: number) => void): void {
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < 32; x++) {
      const ring = (x - 16) ** 2 + (y - 25) ** 2;
      if (ring <= 13 ** 2 && ring >= 10.5 ** 2) paint(x, y);
    }
  }
  for (let i = 0; i <= 4; i++) for (let thick = 0; thick < 3; thick++) paint(11 + i, 24 + i + thick);
  for (let i = 0; i <= 7; i++) for (let thick = 0; thick < 3; thick++) paint(15 + i, 28 - i + thick);
}

/** Eight bits a colour, no filter (PNG, third edition). */
function png(pixels: readonly Color[]): Buffer {
  const rows = Buffer.alloc(HEIGHT * (1 + WIDTH * 3));
  pixels.forEach((color, i) => {
    const y = Math.floor(i / WIDTH);
    rows.set(color, y * (1 + WIDTH * 3) + 1 + (i % WIDTH) * 3);
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', Buffer.from(zlibSync(rows, { level: 9 }))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const around = Buffer.alloc(8);
  around.writeUInt32BE(data.length, 0);
  around.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([around.subarray(0, 4), body, around.subarray(4)]);
}
