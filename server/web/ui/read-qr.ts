/** Reads QR codes from pictures and from the camera, in this browser. The decoder is loaded when it is first needed. */

import type * as QrDom from 'qr/dom.js';

/** Why nothing was read. */
export type QrProblem = 'notLoaded' | 'notPicture' | 'noCode' | 'denied' | 'noCamera' | 'busy';

/** Milliseconds that a picture may take: a photograph of twelve megapixels with no code takes about one second. */
const PICTURE_MILLISECONDS = 4000;

/** Longest side of a picture as it is read, in pixels: twenty for each module of the largest code. */
const LONGEST_SIDE = 4096;

type Decoder = typeof QrDom;

/** Loads the decoder, so that codes can be read when the network is gone. */
export async function loadQrDecoder(): Promise<Decoder> {
  return import('qr/dom.js');
}

/** The text of the QR code in a picture; or why there is none. */
export async function readQrPicture(file: Blob): Promise<{ readonly text: string } | { readonly problem: QrProblem }> {
  let decoder: Decoder;
  try {
    decoder = await loadQrDecoder();
  } catch {
    return { problem: 'notLoaded' };
  }
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file);
  } catch {
    return { problem: 'notPicture' };
  }
  try {
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    const [width, height] = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * scale)));
    const options = { cropToSquare: false, async: true, effort: Infinity, timeLimit: PICTURE_MILLISECONDS };
    const text = await new decoder.QRCanvas({}, options).drawImage(picture, height as number, width as number);
    return typeof text === 'string' ? { text } : { problem: 'noCode' };
  } finally {
    picture.close();
  }
}

/** Whether this browser lets pages ask for a camera at all. */
export function hasCameraAccess(): boolean {
  return typeof navigator.mediaDevices?.getUserMedia === 'function';
}

/** By the names of the exceptions of Media Capture and Streams, section 10.2. */
function cameraProblem(error: unknown): QrProblem {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  return name === 'NotFoundError' || name === 'OverconstrainedError' ? 'noCamera' : 'busy';
}

/** What the camera's work ends with: a code, a problem, or null when it was stopped. */
export type CameraOutcome = { readonly text: string } | { readonly problem: QrProblem } | null;

/**
 * Shows the camera in `video` until a code is read or `signal` aborts. The camera is off when this resolves.
 *
 * @param onShown is called once the camera is on
 */
export async function readQrCamera(
  video: HTMLVideoElement,
  signal: AbortSignal,
  onShown: () => void,
): Promise<CameraOutcome> {
  let decoder: Decoder;
  try {
    decoder = await loadQrDecoder();
  } catch {
    return { problem: 'notLoaded' };
  }
  let stream: MediaStream;
  try {
    // A receipt's code has more than a hundred modules on a side.
    const video = { facingMode: 'environment', width: { ideal: 1920 }, height: { ideal: 1080 } };
    stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
  } catch (error) {
    return signal.aborted ? null : { problem: cameraProblem(error) };
  }
  const camera = new decoder.QRCamera(video, stream);
  if (!signal.aborted) onShown();
  try {
    return await firstCode(decoder, camera, video, signal);
  } finally {
    camera.stop();
    video.srcObject = null;
  }
}

async function firstCode(
  { QRCanvas, frameLoop }: Decoder,
  camera: InstanceType<Decoder['QRCamera']>,
  video: HTMLVideoElement,
  signal: AbortSignal,
): Promise<CameraOutcome> {
  if (signal.aborted) return null;
  const canvas = new QRCanvas();
  return new Promise((resolve) => {
    const end = (outcome: CameraOutcome): void => {
      cancel();
      signal.removeEventListener('abort', onAbort);
      resolve(outcome);
    };
    const onAbort = (): void => end(null);
    const readFrame = async (): Promise<void> => {
      const text = await camera.readFrame(canvas, true);
      if (typeof text === 'string') end({ text });
    };
    const cancel = frameLoop(() => void readFrame(), video);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
