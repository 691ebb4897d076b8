/** Draws QR codes. The encoder is loaded when the first is drawn. */

/** A QR code, a unit a module, with the four empty modules around it that readers need (ISO/IEC 18004 section 5.3.8). */
export interface DrawnQr {
  /** Modules on a side, those around it included. */
  readonly size: number;
  /** An SVG path of all dark modules. */
  readonly path: string;
}

const BORDER = 4;

/** Up to this many modules a code may grow by the better error correction. More modules are smaller ones, on the same paper. */
const COMFORTABLE = 121;

/**
 * Draws a text as the smallest QR code with medium error correction, or with low where it would have too many modules.
 *
 * @throws Error for a text that no QR code holds, or while the encoder cannot be loaded
 */
export async function drawQr(text: string): Promise<DrawnQr> {
  const { encodeQR } = await import('qr');
  const encode = (ecc: 'low' | 'medium'): boolean[][] => encodeQR(text, 'raw', { ecc, border: BORDER });
  let rows: boolean[][];
  try {
    rows = encode('medium');
    if (rows.length - 2 * BORDER > COMFORTABLE) rows = encode('low');
  } catch {
    rows = encode('low');
  }
  return { size: rows.length, path: rows.map(pathOfRow).join('') };
}

/** The runs of dark modules in one row. */
function pathOfRow(row: readonly boolean[], y: number): string {
  let path = '';
  for (let x = 0; x < row.length;) {
    const start = x;
    while (row[x] === true) x++;
    if (x > start) path += `M${start} ${y}h${x - start}v1h${start - x}z`;
    else x++;
  }
  return path;
}
