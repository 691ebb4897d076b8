import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from './button.tsx';
import { FileField } from './file-field.tsx';
import { useShared } from './page-text.tsx';
import { hasCameraAccess, readQrCamera, readQrPicture, type QrProblem } from './read-qr.ts';

/** Milliseconds after which the camera's view says how it is read more easily. */
const SLOW = 8000;

export interface QrReaderProps {
  readonly id: string;
  /** Names the code: "Picture of the receipt’s QR code". */
  readonly label: string;
  /** What is wrong with the text that was read. */
  readonly error?: string | undefined;
  readonly onText: (text: string) => void;
}

type Camera = 'off' | 'starting' | 'on' | 'slow';

/** Reads a QR code from a picture, or by the camera, which is on while the visitor sees what it sees. Nothing is sent anywhere. */
export function QrReader(props: QrReaderProps) {
  const { qr: words } = useShared();
  const [camera, setCamera] = useState<Camera>('off');
  const [isReading, setIsReading] = useState(false);
  const [problem, setProblem] = useState<QrProblem | null>(null);
  const [isRead, setIsRead] = useState(false);
  const video = useRef<HTMLVideoElement>(null);
  const controller = useRef<AbortController | null>(null);
  const onText = useRef(props.onText);
  onText.current = props.onText;

  const stop = (): void => {
    controller.current?.abort();
    controller.current = null;
    setCamera('off');
  };
  useEffect(() => {
    const onHidden = (): void => {
      if (document.hidden) stop();
    };
    document.addEventListener('visibilitychange', onHidden);
    return () => {
      document.removeEventListener('visibilitychange', onHidden);
      controller.current?.abort();
    };
  }, []);

  const begin = (): AbortController => {
    controller.current?.abort();
    const own = new AbortController();
    controller.current = own;
    setProblem(null);
    setIsRead(false);
    return own;
  };
  const take = (own: AbortController, outcome: { text: string } | { problem: QrProblem } | null): void => {
    if (controller.current !== own || outcome === null) return;
    controller.current = null;
    setCamera('off');
    setIsReading(false);
    if ('problem' in outcome) {
      setProblem(outcome.problem);
      return;
    }
    setIsRead(true);
    onText.current(outcome.text);
  };

  const readPicture = async (file: File): Promise<void> => {
    const own = begin();
    setCamera('off');
    setIsReading(true);
    take(own, await readQrPicture(file));
  };

  const readCamera = async (view: HTMLVideoElement): Promise<void> => {
    const own = begin();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onShown = (): void => {
      setCamera('on');
      timer = setTimeout(() => setCamera((now) => (now === 'on' ? 'slow' : now)), SLOW);
    };
    const outcome = await readQrCamera(view, own.signal, onShown);
    clearTimeout(timer);
    take(own, outcome);
  };

  // The view has to be there before the camera is shown in it.
  useEffect(() => {
    if (camera === 'starting' && video.current !== null) void readCamera(video.current);
  }, [camera]);

  const status = isReading
    ? words.reading
    : isRead
      ? words.read
      : { off: '', starting: words.starting, on: words.hold, slow: words.slow }[camera];
  const said = problem === null ? props.error : words.problems[problem];
  return (
    <div class="bm-qr-reader">
      <FileField
        id={props.id}
        label={props.label}
        hint={words.hint}
        error={said}
        accept="image/*"
        onFile={(file) => void readPicture(file)}
      />
      {hasCameraAccess() ? (
        <Button
          kind="secondary"
          id={`${props.id}-camera`}
          onClick={camera === 'off' ? () => setCamera('starting') : stop}
        >
          {camera === 'off' ? words.useCamera : words.stopCamera}
        </Button>
      ) : null}
      {camera === 'off' ? null : (
        <video
          class="bm-qr-reader__view"
          ref={video}
          aria-label={words.view}
          muted
          playsInline
          style={{ display: 'block', inlineSize: '100%', maxInlineSize: '30rem' }}
        />
      )}
      <p class="govuk-body bm-qr-reader__status" role="status">
        {status === '' && problem !== null ? <span class="govuk-visually-hidden">{said}</span> : status}
      </p>
    </div>
  );
}
