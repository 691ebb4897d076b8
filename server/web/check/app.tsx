import { useEffect, useRef, useState } from 'preact/hooks';
import { startEngine } from '../engine/client.ts';
import type { ProofView } from '../engine/proofs-api.ts';
import { useHash, useTask } from '../ui/index.ts';
import { loadQrDecoder } from '../ui/read-qr.ts';
import { CheckForm } from './check-form.tsx';
import { OfflinePart } from './offline-part.tsx';
import { fetchOwnFingerprint } from './own-registry.ts';
import { ProvenPage } from './proven-page.tsx';

const engine = startEngine();

/** The view of what was proven, in the page's address. */
const PROVEN = 'result';

/** Loads the reader of QR codes; fails as the engine does. */
async function loadDecoder(): Promise<void> {
  try {
    await loadQrDecoder();
  } catch (cause) {
    throw Object.assign(new Error('The reader of QR codes could not be loaded', { cause }), { code: 'unreachable' });
  }
}

export function CheckApp() {
  const [path, go] = useHash();
  const [fingerprint, setFingerprint] = useState('');
  const task = useTask<ProofView>();
  /** The receipt that was verified last. */
  const last = useRef('');
  useEffect(() => {
    void fetchOwnFingerprint().then((own) => setFingerprint((typed) => (typed === '' ? own : typed)));
  }, []);

  const loading = useTask<true>();
  const load = async (): Promise<void> => {
    await loading.run(async (options) => {
      await Promise.all([engine.proofs.prepare(undefined, options), loadDecoder()]);
      return true;
    });
  };
  const verify = async (text: string): Promise<void> => {
    last.current = text;
    const proof = await task.run(async (options) => engine.proofs.verify({ text, fingerprint }, options));
    if (proof !== undefined) go(PROVEN);
  };
  const again = (): void => {
    task.reset();
    go('');
  };

  if (path === PROVEN && task.result !== undefined) return <ProvenPage proof={task.result} onAgain={again} />;
  return (
    <CheckForm
      fingerprint={fingerprint}
      onFingerprint={setFingerprint}
      isVerifying={task.isRunning}
      error={task.error}
      onReceipt={(text) => void verify(text)}
      onRetry={() => void verify(last.current)}
    >
      <OfflinePart task={loading} onLoad={() => void load()} />
    </CheckForm>
  );
}
