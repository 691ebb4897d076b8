import { useEffect, useState } from 'preact/hooks';
import { drawQr, type DrawnQr } from './draw-qr.ts';
import { useShared } from './page-text.tsx';

/** CSS pixels of a module: on paper 0.8 mm, which a telephone reads without care. */
const MODULE = 3;

export interface QrCodeProps {
  readonly text: string;
  /** What it is, for who cannot see it. */
  readonly label: string;
  /** CSS pixels on a side; default: three for each module. Never wider than there is room. */
  readonly size?: number | undefined;
}

/** A QR code. Dark on light in dark mode too: many readers take no other. */
export function QrCode(props: QrCodeProps) {
  const { qr: words } = useShared();
  const [drawn, setDrawn] = useState<DrawnQr | null>(null);
  const [isFailed, setIsFailed] = useState(false);
  useEffect(() => {
    let isCurrent = true;
    const draw = async (): Promise<void> => {
      try {
        const code = await drawQr(props.text);
        if (isCurrent) setDrawn(code);
      } catch {
        if (isCurrent) setIsFailed(true);
      }
    };
    setIsFailed(false);
    void draw();
    return () => {
      isCurrent = false;
    };
  }, [props.text]);
  if (isFailed) return <p class="govuk-body">{words.notShown}</p>;
  const side = drawn?.size ?? 33;
  return (
    <svg
      class="bm-qr-code"
      role="img"
      aria-label={props.label}
      viewBox={`0 0 ${side} ${side}`}
      shape-rendering="crispEdges"
      style={{
        display: 'block',
        inlineSize: `${props.size ?? side * MODULE}px`,
        maxInlineSize: '100%',
        blockSize: 'auto',
        forcedColorAdjust: 'none',
      }}
    >
      <rect width={side} height={side} fill="#fff" />
      {drawn === null ? null : <path d={drawn.path} fill="#000" />}
    </svg>
  );
}
