/** Pictures of QR codes as a telephone takes them: turned, unsharp, with noise. As pixels, as a PNG file, and as a camera's video. */
import { crc32, deflateSync } from 'node:zlib';
import type { DrawnQr } from '../../../server/web/ui/draw-qr.ts';

/** Grey values, 0 to 255, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array;
}

export interface PictureOptions {
  /** Pixels a module; default: 6. */
  readonly module?: number;
  /** Radians; default: 0. */
  readonly angle?: number;
  /** How far grey values are off at most; default: 0. */
  readonly noise?: number;
  /** Times that it is blurred over three by three pixels; default: 0. */
  readonly blur?: number;
  /** In pixels; default: as the code needs, turned. */
  readonly width?: number;
  readonly height?: number;
}

/** The modules of a drawn code: true for a dark one. */
export function modulesOf({ size, path }: DrawnQr): boolean[][] {
  const rows = Array.from({ length: size }, () => Array.from({ length: size }, () => false));
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/gu)) {
    rows[Number(y)]?.fill(true, Number(x), Number(x) + Number(length));
  }
  return rows;
}

/** A small linear congruential generator (Numerical Recipes): the same noise each time. */
function createNoise(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

function blurred({ width, height, grey }: Picture): Picture {
  const next = grey.slice();
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      let sum = 0;
      for (const dy of [-width, 0, width]) {
        const at = y * width + x + dy;
        sum += (grey[at - 1] as number) + (grey[at] as number) + (grey[at + 1] as number);
      }
      next[y * width + x] = sum / 9;
    }
  }
  return { width, height, grey: next };
}

/** Photographs a code that lies on grey ground. */
export function photograph(code: DrawnQr, options: PictureOptions = {}): Picture {
  const { module = 6, angle = 0, noise = 0, blur = 0 } = options;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const side = Math.ceil(code.size * module * (Math.abs(cos) + Math.abs(sin)));
  const { width = side, height = side } = options;
  const modules = modulesOf(code);
  let picture: Picture = { width, height, grey: new Uint8Array(width * height) };
  const draw = (x: number, y: number): number => {
    const [u, v] = [x - width / 2, y - height / 2];
    const column = Math.floor((cos * u + sin * v) / module + code.size / 2);
    const row = Math.floor((cos * v - sin * u) / module + code.size / 2);
    const isDark = modules[row]?.[column];
    return isDark === undefined ? 190 : isDark ? 30 : 225;
  };
  picture.grey.forEach((_, i) => {
    picture.grey[i] = draw((i % width) + 0.5, Math.floor(i / width) + 0.5);
  });
  for (let times = 0; times < blur; times++) picture = blurred(picture);
  const random = createNoise();
  return { width, height, grey: picture.grey.map((value) => Math.max(0, Math.min(255, value + random() * noise))) };
}

/** As a canvas gives it. */
export function toRgba({ width, height, grey }: Picture): { width: number; height: number; data: Uint8ClampedArray } {
  const data = new Uint8ClampedArray(4 * grey.length);
  grey.forEach((value, i) => {
    data.set([value, value, value, 255], 4 * i);
  });
  return { width, height, data };
}

function chunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type), content]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** A PNG file (ISO/IEC 15948): eight bits of grey, no filter. */
export function toPng({ width, height, grey }: Picture): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.writeUInt8(8, 8);
  const rows = Array.from({ length: height }, (_, y) =>
    Buffer.concat([Buffer.of(0), grey.subarray(y * width, (y + 1) * width)]),
  );
  const signature = Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  const content = deflateSync(Buffer.concat(rows), { level: 1 });
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', content), chunk('IEND', new Uint8Array())]);
}

/** A video of this one picture (YUV4MPEG2), as Chromium's fake camera shows it again and again. Sides must be even. */
export function toVideo({ width, height, grey }: Picture): Buffer {
  const header = `YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\nFRAME\n`;
  return Buffer.concat([Buffer.from(header), grey, Buffer.alloc((width * height) / 2, 128)]);
}
