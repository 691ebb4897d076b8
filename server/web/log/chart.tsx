/** Lookups, hits and openings by month. Whoever can't see it has the table below it, with the same numbers. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { useFormats, useText } from '../ui/index.ts';
import type { LogText } from './log-text.ts';
import { scaleEnd, type MonthCounts } from './months.ts';

/** What is counted, in the order of its bars. */
const FIGURES = ['lookups', 'hits', 'openings'] as const;
type Figure = (typeof FIGURES)[number];

/** Pixels. */
const HEIGHT = 260;
const TOP = 12;
const BOTTOM = 46;
const PLOT = HEIGHT - TOP - BOTTOM;
/** The least width of a month's name. */
const NAME = 40;
const WIDEST_BAR = 22;

export function Chart(props: { readonly months: readonly MonthCounts[] }) {
  const { months } = props;
  const { activity } = useText<LogText>();
  const formats = useFormats();
  const [box, width] = useWidth();
  const hatch = useId();
  const [first, last] = [months[0]?.month ?? '', months.at(-1)?.month ?? ''];
  const end = scaleEnd(Math.max(...months.flatMap((month) => FIGURES.map((figure) => month[figure]))));
  const left = 16 + 9 * formats.number(end).length;
  const step = (width - left - 4) / months.length;
  const gap = Math.min(12, step * 0.25);
  const bar = Math.min(WIDEST_BAR, (step - gap) / FIGURES.length);
  const every = Math.ceil(NAME / step);
  const y = (value: number): number => TOP + PLOT - (value / end) * PLOT;
  const middle = (i: number): number => left + (i + 0.5) * step;
  const isNamed = (i: number): boolean => (months.length - 1 - i) % every === 0;
  const yearOf = (i: number): string | undefined => months[i]?.month.slice(0, 4);
  /** The year stands below the first month that is named, and where it changes. */
  const yearBelow = (i: number): string | undefined => (yearOf(i) === yearOf(i - every) ? undefined : yearOf(i));
  return (
    <figure class="log-chart" ref={box}>
      <svg
        role="img"
        aria-label={activity.chartLabel(formats.month(first), formats.month(last))}
        width={width}
        height={HEIGHT}
        viewBox={`0 0 ${width} ${HEIGHT}`}
      >
        <Hatch id={hatch} />
        {[0, end / 2, end].map((value) => (
          <g key={value}>
            <line class="log-chart__line" x1={left} x2={width} y1={y(value)} y2={y(value)} />
            <text class="log-chart__text" x={left - 8} y={y(value) + 5} text-anchor="end">
              {formats.number(value)}
            </text>
          </g>
        ))}
        {months.map((counts, i) => (
          <g key={counts.month}>
            {FIGURES.map((figure, j) => (
              <Bar
                key={figure}
                figure={figure}
                hatch={hatch}
                x={middle(i) + (j - FIGURES.length / 2) * bar}
                width={bar}
                bottom={TOP + PLOT}
                height={counts[figure] === 0 ? 0 : Math.max(3, TOP + PLOT - y(counts[figure]))}
              >
                {`${formats.month(counts.month)}: ${activity[figure]} ${formats.number(counts[figure])}`}
              </Bar>
            ))}
            {isNamed(i) ? <MonthName x={middle(i)} name={formats.month(counts.month)} year={yearBelow(i)} /> : null}
          </g>
        ))}
      </svg>
      <figcaption>
        <ul class="log-legend">
          {FIGURES.map((figure) => (
            <li key={figure} class="log-legend__item">
              <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true" focusable="false">
                <Bar figure={figure} hatch={hatch} x={2} width={14} bottom={17} height={16} />
              </svg>
              {activity[figure]}
            </li>
          ))}
        </ul>
      </figcaption>
    </figure>
  );
}

interface BarProps {
  readonly figure: Figure;
  readonly hatch: string;
  readonly x: number;
  readonly width: number;
  readonly bottom: number;
  readonly height: number;
  readonly children?: ComponentChildren;
}

/** One bar. Which figure it is shows by its filling too, for whoever can't tell the colours. */
function Bar(props: BarProps) {
  const { figure, hatch, x, width, bottom, height } = props;
  if (height === 0) return null;
  const inset = figure === 'lookups' ? 0 : 1;
  const shape = {
    x: x + 0.5 + inset,
    y: bottom - height + inset,
    width: Math.max(1, width - 1 - 2 * inset),
    height: Math.max(1, height - inset),
  };
  return (
    <g>
      {figure === 'hits' ? <rect {...shape} fill={`url(#${hatch})`} /> : null}
      <rect {...shape} class={`log-bar log-bar--${figure}`}>
        {props.children === undefined ? null : <title>{props.children}</title>}
      </rect>
    </g>
  );
}

function Hatch(props: { readonly id: string }) {
  return (
    <defs>
      <pattern id={props.id} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect class="log-hatch" width="2.500" height="5" />
      </pattern>
    </defs>
  );
}

function MonthName(props: { readonly x: number; readonly name: string; readonly year: string | undefined }) {
  const { x, name, year } = props;
  return (
    <>
      <text class="log-chart__text" x={x} y={HEIGHT - BOTTOM + 20} text-anchor="middle">
        {name.slice(0, 3)}
      </text>
      {year === undefined ? null : (
        <text class="log-chart__text" x={x} y={HEIGHT - BOTTOM + 38} text-anchor="middle">
          {year}
        </text>
      )}
    </>
  );
}

/** The width of an element, in pixels, as it is now. */
function useWidth() {
  const element = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(640);
  useEffect(() => {
    if (element.current === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.max(240, Math.floor(entry.contentRect.width)));
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, width] as const;
}
