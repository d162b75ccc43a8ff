// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef } from 'preact/hooks';

/** Draws in CSS pixels; the canvas is as sharp as the screen. */
export type Paint = (context: CanvasRenderingContext2D, width: number, height: number) => void;

interface CanvasProps {
  readonly paint: Paint;
  /** What the picture shows, for those who do not see it. */
  readonly label: string;
  readonly class?: string;
}

function repaint(canvas: HTMLCanvasElement, paint: Paint): void {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = Math.min(2, devicePixelRatio || 1);
  const context = canvas.getContext('2d');
  if (!context || width === 0) return;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.scale(ratio, ratio);
  paint(context, width, height);
}

/** Runs `work` after the frame that is due, once however often it is asked for: text comes before pictures. */
function afterFrame(work: () => void): { readonly ask: () => void; readonly stop: () => void } {
  let frame = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    ask: () => {
      if (frame !== 0) return;
      frame = requestAnimationFrame(() => {
        timer = setTimeout(() => {
          frame = 0;
          work();
        });
      });
    },
    stop: () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    },
  };
}

/** A canvas that repaints when it is resized and whenever `paint` is another function. */
export function Canvas({ paint, label, class: name }: CanvasProps) {
  const ref = useRef<HTMLCanvasElement>(null);
  const latest = useRef(paint);
  const later = useRef<ReturnType<typeof afterFrame> | undefined>(undefined);
  latest.current = paint;
  useEffect(() => {
    const canvas = ref.current;
    if (!canvas) return undefined;
    const scheduled = afterFrame(() => repaint(canvas, latest.current));
    later.current = scheduled;
    const observer = new ResizeObserver(scheduled.ask);
    observer.observe(canvas);
    return () => {
      observer.disconnect();
      scheduled.stop();
    };
  }, []);
  useEffect(() => later.current?.ask(), [paint]);
  return <canvas ref={ref} class={name} role="img" aria-label={label} />;
}
